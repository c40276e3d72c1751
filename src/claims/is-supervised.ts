import type { AgentAuthorization } from '../model/agent-authorization.js'

/** OVS-4: by the type of the agent, which a sub-agent need not share, or by the level of oversight. */
export function isSupervised({ agent, oversight }: Pick<AgentAuthorization, 'agent' | 'oversight'>): boolean {
  return agent.type === 'supervised' || oversight?.level === 'supervised'
}
