import type { AttenuationDifference } from '../model/attenuation.js'
import type { Task } from '../model/agent-authorization.js'
import { admits, isDataClass } from '../matching/data-class.js'
import { differenceUnless } from './difference.js'

/**
 * DEL-5 for the task. It is the same task, for the same purpose: revocations and quotas of a task, and the routes
 * that are for a purpose, would lose an agent that could hand itself on to another.
 */
export function compareTask(child: Task, parent: Task): readonly AttenuationDifference[] {
  const at = (member: keyof Task, rule: string) => ({ path: `task.${member}`, rule, child: child[member], parent: parent[member] })
  return [
    ...differenceUnless(child.id === parent.id, at('id', 'DEL-5'), 'it is another task'),
    ...differenceUnless(child.purpose === parent.purpose, at('purpose', 'TSK-2'), 'the purpose is another one'),
    ...differenceUnless(isNoHigher(child.dataSensitivity, parent.dataSensitivity), at('dataSensitivity', 'TSK-3'), 'data_sensitivity is not below the parent\'s'),
    ...differenceUnless(parent.createdAt === undefined || (child.createdAt ?? -Infinity) >= parent.createdAt, at('createdAt', 'TSK-1'), 'the task begins before the parent\'s'),
    ...differenceUnless(parent.expiresAt === undefined || (child.expiresAt ?? Infinity) <= parent.expiresAt, at('expiresAt', 'TSK-1'), 'the task ends after the parent\'s'),
  ]
}

/** A value that is unknown here may be known, and high, where the token is read: it is no lower than another one. */
function isNoHigher(child: string | undefined, parent: string | undefined): boolean {
  if (parent === undefined || child === parent) return true
  return isDataClass(child) && isDataClass(parent) && admits(parent, child)
}
