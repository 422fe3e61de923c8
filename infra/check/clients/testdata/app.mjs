// A web application to which people sign in with Identity Pools. It shows who is signed in, gets new
// tokens, and signs out. docs/signin.md explains it.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const redirect = new URL(process.env.REDIRECT_URI ?? 'http://localhost:8090/callback')
const home = redirect.origin + '/'
const config = await oidc.discovery(
  new URL(process.env.ISSUER),
  process.env.CLIENT_ID,
  undefined,
  oidc.ClientSecretBasic(process.env.CLIENT_SECRET),
  { execute: [oidc.allowInsecureRequests] }, // leave this out with https
)

// People's tokens stay on the server. Their browsers have the name of a session alone.
const sessions = new Map()

const pages = {
  // Shows what the product says about the person.
  async 'GET /'(session, answer) {
    if (!session.tokens) return go(answer, '/login')
    const userinfo = await oidc.fetchUserInfo(config, session.tokens.access_token, session.subject)
    answer.setHeader('Content-Type', 'application/json')
    answer.end(JSON.stringify({ userinfo, id_token: session.tokens.claims() }))
  },

  async 'GET /login'(session, answer) {
    session.verifier = oidc.randomPKCECodeVerifier()
    session.state = oidc.randomState()
    session.nonce = oidc.randomNonce()
    go(answer, oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirect.href,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(session.verifier),
      code_challenge_method: 'S256',
      state: session.state,
      nonce: session.nonce,
    }))
  },

  // The person comes back. They get a new session, whose name nobody knew before.
  async ['GET ' + redirect.pathname](session, answer, url) {
    const tokens = await oidc.authorizationCodeGrant(config, url, {
      pkceCodeVerifier: session.verifier,
      expectedState: session.state,
      expectedNonce: session.nonce,
    })
    sessions.delete(session.id)
    begin(answer, { tokens, subject: tokens.claims().sub })
    go(answer, home)
  },

  // Gets new tokens, as an application does before the access token expires.
  async 'POST /refresh'(session, answer) {
    session.tokens = await oidc.refreshTokenGrant(config, session.tokens.refresh_token)
    go(answer, home)
  },

  // Signs the person out of the application, and then of the workspace.
  async 'POST /logout'(session, answer) {
    sessions.delete(session.id)
    go(answer, oidc.buildEndSessionUrl(config, {
      id_token_hint: session.tokens.id_token,
      post_logout_redirect_uri: home,
    }))
  },
}

createServer(async (request, answer) => {
  const url = new URL(request.url, home)
  const id = /(?:^|; )example=([\w-]+)/.exec(request.headers.cookie)?.[1]
  try {
    const page = pages[`${request.method} ${url.pathname}`]
    if (page) return await page(sessions.get(id) ?? begin(answer, {}), answer, url)
    answer.writeHead(404).end()
  } catch (error) { // such as: the person's session was ended, and they must sign in again
    answer.writeHead(401).end(String(error.cause ?? error))
  }
}).listen(Number(redirect.port), redirect.hostname, () => console.log('open', home))

function begin(answer, session) {
  session.id = randomUUID()
  sessions.set(session.id, session)
  answer.setHeader('Set-Cookie', `example=${session.id}; Path=/; HttpOnly; SameSite=Lax`) // and Secure, with https
  return session
}

function go(answer, to) {
  answer.writeHead(303, { Location: String(to) }).end()
}
