// Stands in for the axios package: the two calls that the contract's client makes, over node's own fetch.
// It sends what axios sends, headers included, and answers in axios' shape; nothing else of axios is here.
'use strict';

async function send(method, url, body, { headers = {}, params = {} } = {}) {
  const address = new URL(url);
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null) address.searchParams.set(name, value);
  }
  const usual = { Accept: 'application/json, text/plain, */*' };
  if (method === 'POST') usual['Content-Type'] = 'application/x-www-form-urlencoded';
  const answer = await fetch(address, { method, headers: { ...usual, ...headers }, body: body ?? undefined });
  const text = await answer.text();
  const response = { status: answer.status, data: parsed(text), headers: Object.fromEntries(answer.headers) };
  if (answer.ok) return response;
  throw Object.assign(new Error(`Request failed with status code ${answer.status}`), { response });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

module.exports = {
  get: (url, config) => send('GET', url, undefined, config),
  post: (url, body, config) => send('POST', url, body, config),
};
