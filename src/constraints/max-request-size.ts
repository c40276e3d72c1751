import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { expectCount } from './expect-value.js'

/** CON-6, by the announced length. A body without one could have any size, so it is refused. */
export const maxRequestSize = defineConstraint<unknown>({
  name: 'max_request_size',
  rule: 'CON-6',
  compile(value) {
    const limitBytes = expectCount(value)
    return ({ bodyBytes }) => {
      if (bodyBytes === undefined) return deny('request_too_large', 'the length of the body is not announced, and max_request_size limits it')
      return bodyBytes <= limitBytes ? pass : deny('request_too_large', `${bodyBytes} bytes are over max_request_size ${limitBytes}`)
    }
  },
  isNoLooser: (child, parent) => expectCount(child) <= expectCount(parent),
})
