import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { expectCount } from './expect-value.js'

/**
 * CON-6: by what is known of the length when the request is decided, and from then on by counting. A body whose length
 * nobody announced and nobody counts could have any size, so it is refused.
 */
export const maxRequestSize = defineConstraint<unknown>({
  name: 'max_request_size',
  rule: 'CON-6',
  compile(value) {
    const requestBytes = expectCount(value)
    return {
      kind: 'body-limit',
      requestBytes,
      check({ bodyBytes }) {
        if (bodyBytes === undefined) return deny('request_too_large', 'the length of the body is neither announced nor counted, and max_request_size limits it')
        if (bodyBytes === Infinity) return deny('request_too_large', `the length of the body is not known, and max_request_size is ${requestBytes}`)
        return bodyBytes <= requestBytes ? pass : deny('request_too_large', `${bodyBytes} bytes are over max_request_size ${requestBytes}`)
      },
    }
  },
  isNoLooser: (child, parent) => expectCount(child) <= expectCount(parent),
})
