import { compileTimeWindow, isWindowWithin, isWithin } from '../matching/time-window.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'

/** CON-4: no clock tolerance here (TOK-6). A member beside the two ends might narrow the window, and is unknown (DIA-4). */
export const timeWindow = defineConstraint<unknown>({
  name: 'time_window',
  rule: 'CON-4',
  compile(value) {
    const window = compileTimeWindow(value)
    if (window === undefined || Object.keys(value as object).some((member) => member !== 'start' && member !== 'end')) {
      throw new TypeError('must have start and end in RFC 3339 with offset, start before end, and nothing else')
    }
    return ({ nowMs }) => (isWithin(window, nowMs) ? pass : deny('aap_capability_expired', 'now is outside time_window'))
  },
  isNoLooser(child, parent) {
    const [inner, outer] = [compileTimeWindow(child), compileTimeWindow(parent)]
    return inner !== undefined && outer !== undefined && isWindowWithin(inner, outer)
  },
})
