import type { AgentAuthorization, Oversight } from '../model/agent-authorization.js'
import type { AttenuationDifference } from '../model/attenuation.js'
import { differenceUnless } from './difference.js'
import { isSameJson } from '../matching/same-json.js'
import { isSubset } from '../matching/subset.js'
import { isSupervised } from './is-supervised.js'

const none: Oversight = { requiresHumanApprovalFor: [], notifyOn: [] }

/**
 * DEL-5 for oversight: the child is watched at least as closely. The lists are compared whole, also for actions that
 * the child cannot take. Where to ask for an approval (`approval_reference`) is the child's own matter, since it
 * decides nothing; the workflow is not, since its type picks who is told (OVS-5).
 */
export function compareOversight(childAuthorization: AgentAuthorization, parentAuthorization: AgentAuthorization): readonly AttenuationDifference[] {
  const { oversight: child = none } = childAuthorization
  const { oversight: parent = none } = parentAuthorization
  const at = (member: keyof Oversight, rule: string) => ({ path: `oversight.${member}`, rule, child: child[member], parent: parent[member] })
  const keepsLevel = isSupervised(childAuthorization) || (!isSupervised(parentAuthorization) && (parent.level === undefined || child.level === parent.level))
  return [
    ...differenceUnless(keepsLevel, at('level', 'OVS-4'), isSupervised(parentAuthorization) ? 'the parent is supervised' : 'level is not the parent\'s'),
    ...differenceUnless(isSubset(parent.requiresHumanApprovalFor, child.requiresHumanApprovalFor), at('requiresHumanApprovalFor', 'OVS-1'), 'an action that needs a human\'s approval in the parent does not'),
    ...differenceUnless(parent.approvalWorkflow === undefined || isSameJson(child.approvalWorkflow, parent.approvalWorkflow), at('approvalWorkflow', 'OVS-5'), 'approval_workflow is not the parent\'s'),
    ...differenceUnless(parent.approvalTimeoutSeconds === undefined || (child.approvalTimeoutSeconds ?? Infinity) <= parent.approvalTimeoutSeconds, at('approvalTimeoutSeconds', 'OVS-2'), 'approval_timeout is longer than the parent\'s'),
    ...differenceUnless(isSubset(parent.notifyOn, child.notifyOn), at('notifyOn', 'OVS-5'), 'an action that notifies somebody in the parent does not'),
  ]
}
