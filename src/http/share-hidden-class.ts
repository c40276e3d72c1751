import type { IncomingMessage, ServerResponse } from 'node:http'

/** V8 13 came with Node.js 24. */
const isNeeded = Number.parseInt(process.versions.v8, 10) < 13

/**
 * Express gives each request and each response another prototype. Before V8 13, each property that is then added to such an
 * object gives it a hidden class that no other object has: inline caches never hit, whoever made the access, and the classes
 * stay until a full collection. That is a good part of what Express costs, and what a guard adds makes it more. An
 * object from which a property was deleted is a dictionary, and dictionaries share one class.
 *
 * What can be seen of it is the order in which the names of properties are listed.
 */
export function shareHiddenClass(req: IncomingMessage, res: ServerResponse): void {
  if (!isNeeded) return
  if (hasOtherPrototype(req)) putAnew(req, 'httpVersion')
  if (hasOtherPrototype(res)) putAnew(res, 'sendDate')
}

/** The prototype of a class has a constructor of its own; what a framework puts in its place only inherits one. */
function hasOtherPrototype(object: object): boolean {
  return !Object.hasOwn(Object.getPrototypeOf(object) as object, 'constructor')
}

/** Any plain property would do. */
function putAnew<T extends object>(object: T, name: keyof T & string): void {
  const descriptor = Object.getOwnPropertyDescriptor(object, name)
  if (descriptor?.configurable !== true || !('value' in descriptor)) return
  Reflect.deleteProperty(object, name)
  Object.defineProperty(object, name, descriptor)
}
