/** RFC 6749 section 3.3: scopes stand between spaces. Read character by character. */
function readScopes(text: string): readonly string[] {
  const scopes: string[] = []
  let scope = ''
  for (const unit of `${text} `) {
    if (unit !== ' ') { scope += unit; continue }
    if (scope.length > 0) scopes.push(scope)
    scope = ''
  }
  return scopes
}

/** CAP-1 and TOK-8, in words: components of a letter and then letters, digits, - and _, with single dots in between. */
function isAction(text: string): boolean {
  if (text.length < 1 || text.length > 128) return false
  let isStart = true
  for (const unit of text) {
    const isLetter = (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z')
    if (isStart && !isLetter) return false
    if (!isStart && unit === '.') { isStart = true; continue }
    if (!isLetter && !(unit >= '0' && unit <= '9') && unit !== '-' && unit !== '_') return false
    isStart = false
  }
  return !isStart
}

/** INT-3, one scope after the other: the actions that an agent token permits, or `undefined` where `task_scopes` cannot be read. */
export function actionsOf(scope: string | undefined, taskScopes: unknown, table: readonly (readonly [scope: string, actions: readonly string[]])[] | undefined): readonly string[] | undefined {
  let needed: readonly unknown[] | undefined
  if (typeof taskScopes === 'string') needed = readScopes(taskScopes)
  else if (Array.isArray(taskScopes)) needed = taskScopes
  else if (taskScopes !== undefined) return undefined
  if (needed?.some((one) => typeof one !== 'string')) return undefined

  const actions: string[] = []
  const done: string[] = []
  for (const one of readScopes(scope ?? '')) {
    if (done.includes(one)) continue
    done.push(one)
    if (needed !== undefined && !needed.includes(one)) continue
    if (table === undefined) { if (isAction(one)) actions.push(one) }
    else for (const [name, list] of table) if (name === one) actions.push(...list)
  }
  return actions
}
