// A process of its own, so that making requests does not take time from answering them.
import autocannon from 'autocannon'

process.on('message', async ({ url, tokens, seconds }) => {
  const requests = tokens.map((token) => ({ headers: { authorization: `Bearer ${token}` } }))
  const { requests: counted, non2xx, errors } = await autocannon({ url, connections: 20, duration: seconds, requests })
  process.send({ perSecond: counted.average, bad: non2xx + errors })
})
