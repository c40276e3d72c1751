import type { AuditRecord } from '../model/wire-audit-record.js'
import { describeError } from '../model/describe-error.js'
import { ignoreRejection, type MaybePromise } from '../model/maybe-promise.js'
import { escapeUnprintable } from './printable.js'

/** Receives every audit record. A record is a plain object that `schemas/audit-record.schema.json` describes. */
export interface AuditSink {
  write(record: AuditRecord): MaybePromise<void>
}

/** A logger such as pino or winston: gets the record as an object beside a fixed message, so that no claim can forge a line (AUD-4). */
export interface AuditLogger {
  info(record: AuditRecord, message: string): unknown
}

/** Where the records of one guard go. */
export interface AuditTrail {
  /** Never throws: a sink that fails is reported to the operator. */
  write(record: AuditRecord): void
  /** Whether anybody listens. Where nobody does, no record need be made. */
  readonly isOn: boolean
}

export function createAuditTrail(sinks: readonly (AuditSink | AuditLogger)[], warn: (cause: string, message: string) => void): AuditTrail {
  // Some loggers are streams as well: what has `info` is a logger.
  const writers = sinks.map((sink) => (record: AuditRecord): unknown => ('info' in sink ? sink.info(record, messageOf(record)) : sink.write(record)))
  const report = (error: unknown): void => { warn('audit sink failure', `An audit sink failed: ${describeError(error)}`) }
  return {
    isOn: writers.length > 0,
    write: (record) => {
      for (const write of writers) {
        try {
          ignoreRejection(write(record), report)
        } catch (error) {
          report(error)
        }
      }
    },
  }
}

function messageOf({ kind }: AuditRecord): string {
  return `aap ${kind}`
}

/** One JSON line a record on a stream; the default sink writes to standard output. */
export function jsonLines(stream: { write(line: string): unknown }): AuditSink {
  return { write: (record) => { stream.write(`${escapeUnprintable(JSON.stringify(record))}\n`) } }
}
