import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PageActivation } from '../../../../rig/life/phone/page-activation.ts';
import { PageIdentity } from '../../../../rig/life/phone/page-identity.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { crypto } from './blank-card.ts';
import { IssuerDouble } from './issuer-double.ts';

const TICKET = 'application:1.right';
const digits = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('an activation by the page', () => {
  const root = mkdtempSync(join(tmpdir(), 'vitap-page-activation-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let phone: Phone;
  let count = 0;
  beforeEach(() => {
    phone = Phone.open(join(root, String(count++)), { crypto, random: systemRandom, clock: systemClock });
  });
  afterEach(() => phone.close());

  const start = (enrolled: () => void = () => {}, ticket = TICKET) => ({
    issuer: new IssuerDouble(),
    test: false,
    ticket: () => Promise.resolve(ticket),
    onEnrolled: enrolled,
  });

  it('asks for a code once the issuer has the ticket, and for another while the last one is weak', async () => {
    const activation = new PageActivation(phone);
    let enrolled = 0;
    const order = start(() => enrolled++);
    const begun = activation.begin(order);
    expect(activation.at).toBe('working');
    await expect(activation.begin(order)).rejects.toMatchObject({ code: 'busy' });
    expect(await begun).toEqual({ at: 'code' });
    expect([activation.at, enrolled]).toEqual(['code', 1]);
    expect(await activation.begin(order)).toEqual({ at: 'code' });
    await expect(activation.choose(digits('111111'))).rejects.toMatchObject({ reason: 'six-equal' });
    expect(activation.at).toBe('code');
    expect(await activation.choose(digits('385127'))).toEqual({
      at: 'active',
      puk: expect.stringMatching(/^\d{8}$/),
    });
    expect([activation.at, phone.view().life]).toEqual(['none', 'active']);
  });

  it('that was left while it waits for a code is begun again, and takes a code alone where one is waited for', async () => {
    const activation = new PageActivation(phone);
    const code = digits('385127');
    await expect(activation.choose(code)).rejects.toMatchObject({ code: 'no-activation' });
    expect([...code]).toEqual([0, 0, 0, 0, 0, 0]);
    const order = start();
    await activation.begin(order);
    activation.giveUp();
    await expect.poll(() => activation.at).toBe('none');
    expect(phone.view()).toMatchObject({ life: 'pending', triesLeft: null });
    expect(await activation.begin(order)).toEqual({ at: 'code' });
    expect(await activation.choose(digits('385127'))).toMatchObject({ at: 'active' });
  });
});

describe('the digital identity on the page', () => {
  const TRANSACTION = 'T'.repeat(43);
  const CODE = 'R'.repeat(43);
  const PROVIDER = 'http://127.0.0.1:8630';
  const PAGE = 'http://127.0.0.1:5000';
  let sent: { provider?: string; return_to?: string } = {};
  const issuer = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      sent = JSON.parse(Buffer.concat(parts).toString());
      response.setHeader('content-type', 'application/json');
      const authorization = `${PROVIDER}/authorize?response_type=vp_token`;
      response.end(JSON.stringify({ transaction: TRANSACTION, authorization_request: authorization, expires_in: 600 }));
    });
  });
  afterAll(() => {
    issuer.close();
    issuer.closeAllConnections();
  });

  async function asked(identity: PageIdentity): Promise<string> {
    if (!issuer.listening) await new Promise<void>((done) => issuer.listen(0, '127.0.0.1', done));
    const origin = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    await identity.ask({ issuer: origin, page: PAGE }, {});
    return new URL(String(sent.return_to)).searchParams.get('flow') ?? '';
  }

  it('comes back to this page under a secret of its own, gives the ticket once answered, and takes no second answer', async () => {
    const identity = new PageIdentity(PROVIDER, () => 1000);
    const flow = await asked(identity);
    expect(sent).toEqual({ provider: PROVIDER, return_to: `${PAGE}/returned?flow=${flow}` });
    expect(flow).toMatch(/^[\w-]{43}$/);
    expect(identity.view()).toMatchObject({ at: 'asked', remainingMs: 600_000 });
    expect(identity.ticket()).toBeNull();
    const stray = { flow: 'x'.repeat(43), responseCode: CODE, refused: false };
    expect(() => identity.answered(stray)).toThrow('waits for no such answer');
    identity.answered({ flow, responseCode: CODE, refused: false });
    expect(identity.view()).toMatchObject({ at: 'presented', address: null });
    expect(identity.ticket()).toBe(`identity:${TRANSACTION}.${CODE}`);
    const second = { flow, responseCode: 'S'.repeat(43), refused: false };
    expect(() => identity.answered(second)).toThrow('waits for no such answer');
    identity.forget();
    expect([identity.view()?.at, identity.ticket()]).toEqual(['none', null]);
  });

  it('ends with the time of its request, when it is refused, and when another one is asked for', async () => {
    let now = 0;
    const identity = new PageIdentity(PROVIDER, () => now);
    const first = await asked(identity);
    const second = await asked(identity);
    expect(second).not.toBe(first);
    expect(() => identity.answered({ flow: first, responseCode: CODE, refused: false })).toThrow('no such answer');
    identity.answered({ flow: second, responseCode: CODE, refused: true });
    expect([identity.view()?.at, identity.ticket()]).toEqual(['refused', null]);
    const third = await asked(identity);
    identity.answered({ flow: third, responseCode: CODE, refused: false });
    now = 600_000;
    expect([identity.view()?.at, identity.ticket()]).toEqual(['none', null]);
  });

  it('is not there without a provider', async () => {
    const identity = new PageIdentity(null);
    expect(identity.view()).toBeNull();
    await expect(identity.ask({ issuer: PROVIDER, page: PAGE }, {})).rejects.toMatchObject({ code: 'no-provider' });
  });
});
