import { join } from 'node:path';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { packageVersion } from '../../console/package-root.ts';
import { freePort, startIssuer } from './life.ts';
import { step, title } from './script.ts';

const TIMEOUT_MS = 10_000;

/** Of the only family in the registry, by the way without a digital identity; nothing is in the files. */
const APPLICATION = {
  identity: { familyName: 'Adrun', givenName: 'Zoe', birthDate: '1975-12-31', birthPlaceCode: '63220' },
  files: { 'document-front': 'c3ludGhldGlj', video: 'c3ludGhldGlj' },
};

/**
 * `vitap demo --web`: issuer, identity provider, phone and counter as web pages, until Ctrl-C. It prints their addresses and opens no browser.
 * @param folder empty, for everything that is kept
 */
export async function demoInBrowser(folder: string, io: CommandIo): Promise<ExitCode> {
  title(io, 'The life of a digital card, in the browser');
  step(io, 'an issuer is made, with one insured person, synthetic; an operator accepts the pictures that were sent');
  const stop = new AbortController();
  const end = (): void => stop.abort();
  io.signal.addEventListener('abort', end);
  const issuerFolder = join(folder, 'issuer');
  const origin = `http://127.0.0.1:${await freePort()}`;
  const identity = `http://127.0.0.1:${await freePort()}`;
  const { operator, ended } = await startIssuer(issuerFolder, origin, stop.signal, io, [identity]);
  const served = { ...io, signal: stop.signal };
  const running: Promise<unknown>[] = [ended];
  try {
    const ticket = await ticketFrom(operator);
    const [{ phoneServe }, { counterServe }] = await Promise.all([
      import('../../life/phone/serve.ts'),
      import('../../life/counter/serve.ts'),
    ]);
    step(io, 'the phone takes a digital identity for the activation, or this ticket');
    step(io, `the ticket for the activation: ${ticket}`);
    step(io, `the transaction code of the credential will be in ${join(issuerFolder, 'letters')}`);
    step(io, `for the operator of the issuer: ${operator}`);
    running.push(identityOfTest(join(folder, 'identity'), identity, served));
    const common = { issuer: origin, timeoutMs: TIMEOUT_MS, port: 0 };
    running.push(phoneServe({ ...common, identity, folder: join(folder, 'phone'), link: null, test: false }, served));
    running.push(
      counterServe(
        {
          ...common,
          ...{ reader: null, keys: join(issuerFolder, 'counter.keys.json'), counter: join(folder, 'counter') },
          ...{ rightsOn: null, trust: null, statusList: null, offline: false, acceptUnchecked: false },
          mostListSeconds: null,
        },
        served,
      ),
    );
    await Promise.all(running);
    return EXIT.pass;
  } finally {
    io.signal.removeEventListener('abort', end);
    stop.abort();
    await Promise.allSettled(running);
  }
}

/** An identity provider that knows the published test identity. */
async function identityOfTest(folder: string, origin: string, io: CommandIo): Promise<ExitCode> {
  const [{ makeIdentityFolder }, { TEST_PEOPLE }, { serveIdentity }] = await Promise.all([
    import('../../life/identity/provider/folder.ts'),
    import('../../life/identity/provider/people.ts'),
    import('../../life/identity/provider/serve.ts'),
  ]);
  const world = { crypto: nobleCrypto(), random: systemRandom };
  makeIdentityFolder(folder, { origin, verifiers: [], people: TEST_PEOPLE }, world);
  const options = { folder, host: null, port: null, tls: null, version: packageVersion() };
  return serveIdentity(options, { ...io, stdout: () => {}, stderr: () => {} });
}

/** A person sends pictures, and the operator accepts. */
async function ticketFrom(operator: string): Promise<string> {
  const { origin, hash } = new URL(operator);
  const ask = async <Answer>(path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${origin}${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${hash.slice(1)}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
    });
    if (!answer.ok) throw new Error(`the issuer of the demo answers ${answer.status} on ${path}`);
    return (await answer.json()) as Answer;
  };
  const { ticket } = await ask<{ ticket: string }>('/v1/applications', APPLICATION);
  const { applications } = await ask<{ applications: { id: string }[] }>('/v1/operator/applications');
  for (const { id } of applications) await ask(`/v1/operator/applications/${id}/decision`, { refuse: null });
  return ticket;
}
