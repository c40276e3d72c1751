/** Whether one authorization is no broader than another (DEL-5). Frozen. */
export interface Attenuation {
  /** Whether there are no differences. */
  readonly isAttenuation: boolean
  /** All that is broader in the child, or cannot be compared, in the order of the claims. */
  readonly differences: readonly AttenuationDifference[]
}

/** One way in which the child is broader than its parent, or may be. */
export interface AttenuationDifference {
  /** Where in the child's authorization, such as `capabilities[0].constraints.max_requests_per_hour`. */
  readonly path: string
  /** Id of the rule that the parent restricts by, or `DEL-5` where only the comparison demands it. */
  readonly rule: string
  /** What is broader. For people, and not for the caller of a server (ERR-1). */
  readonly detail: string
  /** What the child has at the path, if anything. */
  readonly child?: unknown
  /** What the parent has in its place, if anything. */
  readonly parent?: unknown
}
