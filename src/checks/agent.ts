import type { Agent } from '../model/agent-authorization.js'
import type { AgentPolicy } from './local-policy.js'
import type { Denial } from '../model/denial.js'
import { parseSpiffeId } from '../matching/spiffe-id.js'

/** AGT-1 and AGT-2: whether local policy lets this agent act at all. All of it is the token's own, so it is settled once a token. */
export function checkAgent(agent: Agent, subject: string | undefined, policy: AgentPolicy): Denial | undefined {
  const { allowedIds, allowedOperators, allowedTrustDomains, deniedModels, needsAttestedRuntime } = policy
  if (allowedIds?.has(agent.id) === false) return notRecognized('AGT-1', `agent ${JSON.stringify(agent.id)} is not in allowedIds`)
  if (allowedOperators?.has(agent.operator) === false) return notRecognized('AGT-1', `operator ${JSON.stringify(agent.operator)} is not in allowedOperators`)
  const modelDenial = deniedModels && checkModel(agent.model, deniedModels)
  if (modelDenial !== undefined) return modelDenial
  if (needsAttestedRuntime && agent.runtime?.attested !== true) return notRecognized('AGT-1', 'the runtime is not attested')
  return allowedTrustDomains && checkTrustDomain(subject, allowedTrustDomains)
}

/** A token that names no model may have any, also a denied one. */
function checkModel(model: Agent['model'], denied: ReadonlySet<string>): Denial | undefined {
  const names = typeof model === 'string' ? [model] : [model?.id, model?.id && model.provider && `${model.provider}/${model.id}`].filter((name) => name !== undefined)
  if (names.length === 0) return notRecognized('AGT-1', 'the token names no model, and deniedModels cannot be compared')
  const found = names.find((name) => denied.has(name))
  return found === undefined ? undefined : notRecognized('AGT-1', `model ${JSON.stringify(found)} is in deniedModels`)
}

function checkTrustDomain(subject: string | undefined, allowed: ReadonlySet<string>): Denial | undefined {
  const trustDomain = subject === undefined ? undefined : parseSpiffeId(subject)?.trustDomain
  if (trustDomain === undefined) return notRecognized('AGT-2', 'sub is no SPIFFE ID, and allowedTrustDomains cannot be compared')
  return allowed.has(trustDomain) ? undefined : notRecognized('AGT-2', `trust domain ${trustDomain} is not in allowedTrustDomains`)
}

function notRecognized(rule: string, detail: string): Denial {
  return { code: 'aap_agent_not_recognized', rule, detail }
}
