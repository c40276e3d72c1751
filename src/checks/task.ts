import type { Demands } from './local-policy.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import type { Task } from '../model/agent-authorization.js'
import { admits, isDataClass } from '../matching/data-class.js'

/** TSK-1. The tolerance is for `created_at` only (TOK-6). */
export function checkTaskTimes(task: Task, nowMs: number, toleranceMs: number): Denial | undefined {
  if (task.createdAt !== undefined && task.createdAt > nowMs + toleranceMs) return mismatch('TSK-1', 'the task begins in the future')
  if (task.expiresAt !== undefined && nowMs >= task.expiresAt) return mismatch('TSK-1', 'the task expired')
  return undefined
}

/** TSK-2: where a route names the purposes that its action is for, the task's is one of them. */
export function checkPurpose(task: Task, purposes: Facts['purposes']): Denial | undefined {
  if (purposes === undefined || purposes === true) return undefined
  if (task.purpose !== undefined && Array.isArray(purposes) && purposes.includes(task.purpose)) return undefined
  return mismatch('TSK-2', `the action is not for the purpose ${purposeOf(task)}`)
}

/** TSK-2 by local policy: each list that is demanded has the task's purpose. */
export function checkDemandedPurposes(task: Task, demands: readonly Demands[]): Denial | undefined {
  if (demands.every(({ purposes }) => purposes === undefined || (task.purpose !== undefined && purposes.has(task.purpose)))) return undefined
  return mismatch('TSK-2', `local policy does not have the purpose ${purposeOf(task)} for the action`)
}

function purposeOf({ purpose }: Task): string {
  return purpose === undefined ? 'of a token without one' : JSON.stringify(purpose)
}

/** TSK-3: `data_sensitivity` is a ceiling wherever a route declares the class of its data. */
export function checkDataSensitivity(task: Task, classification: unknown): Denial | undefined {
  if (classification === undefined || task.dataSensitivity === undefined) return undefined
  if (!isDataClass(task.dataSensitivity)) return mismatch('TSK-3', `data_sensitivity ${JSON.stringify(task.dataSensitivity)} is unknown`)
  if (!isDataClass(classification)) return mismatch('TSK-3', 'the route declares an unknown class of data')
  return admits(task.dataSensitivity, classification) ? undefined : mismatch('TSK-3', `${classification} data is above data_sensitivity ${task.dataSensitivity}`)
}

function mismatch(rule: string, detail: string): Denial {
  return { code: 'aap_task_mismatch', rule, detail }
}
