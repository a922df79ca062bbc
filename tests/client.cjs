// One round through every resource with the @xapi/xapi client; prints what it saw as JSON.
const XAPI = require("@xapi/xapi").default;
const { randomUUID } = require("node:crypto");

const [endpoint, key, secret, version] = process.argv.slice(2);
const config = { endpoint, auth: XAPI.toBasicAuth(key, secret), version };
const xapi = new XAPI(config);
// Under Node its other adapter sends parts without their content type.
const fetching = new XAPI({ ...config, adapter: "fetch" });

const agent = { objectType: "Agent", name: "Rick", mbox: `mailto:${randomUUID()}@example.org` };
const activityId = `http://example.org/activities/${randomUUID()}`;
const statement = (more = {}) => ({
  actor: agent,
  verb: { id: "http://example.org/verbs/answered", display: { "en-US": "answered" } },
  object: { objectType: "Activity", id: activityId, definition: { name: { "zh-CN": "第一课" } } },
  ...more,
});
const refused = (promise) => promise.then(() => 0, (error) => error.response?.status ?? error.status ?? String(error));

async function round() {
  const seen = { about: (await xapi.getAbout()).data.version };

  const [one] = (await xapi.sendStatement({ statement: statement() })).data;
  const batch = (await xapi.sendStatements({ statements: [1, 2, 3].map(() => statement()) })).data;
  seen.ids = [one, ...batch];
  seen.read = (await xapi.getStatement({ statementId: one })).data;
  seen.again = await refused(xapi.sendStatement({ statement: statement({ id: one }) }));
  seen.conflict = await refused(
    xapi.sendStatement({ statement: statement({ id: one, verb: { id: "http://example.org/verbs/other" } }) }),
  );

  const file = new TextEncoder().encode("here is a simple attachment").buffer;
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", file)).toString("hex");
  const attachments = [{
    usageType: "http://example.org/usage", display: { "en-US": "A file" }, contentType: "text/plain",
    length: file.byteLength, sha2: digest,
  }];
  const [carrying] = (await fetching.sendStatement({ statement: statement({ attachments }), attachments: [file] })).data;
  const parts = (await fetching.getStatement({ statementId: carrying, attachments: true })).data;
  seen.parts = parts.length;
  seen.carrying = parts[0].id === carrying;

  const pages = [];
  let page = (await xapi.getStatements({ agent, limit: 2, ascending: true })).data;
  while (true) {
    pages.push(page.statements.map((found) => found.id));
    if (!page.more) break;
    page = (await xapi.getMoreStatements({ more: page.more })).data;
  }
  seen.pages = pages;
  seen.carried = carrying;

  await xapi.voidStatement({ actor: agent, statementId: one });
  seen.gone = await refused(xapi.getStatement({ statementId: one }));
  seen.voided = (await xapi.getVoidedStatement({ voidedStatementId: one })).data.id === one;

  const where = { agent, activityId, stateId: "bookmark" };
  await xapi.createState({ ...where, state: { page: 1 } });
  await xapi.createState({ ...where, state: { score: 7 } });
  const state = await xapi.getState(where);
  seen.state = state.data;
  await xapi.setState({ ...where, state: { page: 2 }, etag: state.headers.etag, matchHeader: "If-Match" });
  seen.replaced = (await xapi.getState(where)).data;
  seen.stale = await refused(
    xapi.setState({ ...where, state: { page: 3 }, etag: state.headers.etag, matchHeader: "If-Match" }),
  );
  seen.states = (await xapi.getStates({ agent, activityId })).data;
  await xapi.deleteState(where);
  seen.stateless = await refused(xapi.getState(where));
  await xapi.deleteStates({ agent, activityId });

  const profile = { activityId, profileId: "p" };
  await xapi.setActivityProfile({ ...profile, profile: { a: 1 }, etag: "*", matchHeader: "If-None-Match" });
  await xapi.createActivityProfile({ ...profile, profile: { b: 2 } });
  seen.activityProfile = (await xapi.getActivityProfile(profile)).data;
  seen.activityProfiles = (await xapi.getActivityProfiles({ activityId })).data;
  await xapi.deleteActivityProfile(profile);

  const own = { agent, profileId: "p" };
  await xapi.setAgentProfile({ ...own, profile: { a: 1 }, etag: "*", matchHeader: "If-None-Match" });
  seen.agentProfile = (await xapi.getAgentProfile(own)).data;
  seen.agentProfiles = (await xapi.getAgentProfiles({ agent })).data;
  await xapi.deleteAgentProfile(own);

  seen.person = (await xapi.getAgent({ agent })).data;
  seen.activity = (await xapi.getActivity({ activityId })).data;
  seen.mbox = agent.mbox;
  seen.activityId = activityId;
  return seen;
}

round().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error.response ? `${error.response.status} ${JSON.stringify(error.response.data)}` : error);
    process.exit(1);
  },
);
