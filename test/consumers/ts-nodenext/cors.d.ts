// Only its name and form matter to the snippets: nothing here runs it.
declare module 'cors' {
  export default function cors(): import('express').RequestHandler
}
