import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import { PhoneScreen } from '../../rig/card/phone-screen.ts';
import { CounterFolder } from '../../rig/life/counter/counter-folder.ts';
import { FollowUps } from '../../rig/life/counter/follow-ups.ts';
import { READING } from '../../rig/life/counter/reading.ts';
import { phoneImage, statusListFile, trustFile } from '../rig/life/counter/phone-card.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { SLOTS, serveOnVpcd, type VpcdCard } from './vpcd-card.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const code = (): Uint8Array => new TextEncoder().encode('274916');

let folder: string;
const at = (name: string): string => join(folder, name);
const vitap = (...words: string[]): ReturnType<typeof run> => run(process.execPath, [PROGRAM, ...words]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-counter-'));
  writeFileSync(at('can'), '161803', { mode: 0o600 });
  const amounts = 'total: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n';
  const who = 'beneficiary: 1\nprofessionalId: "991234567"\nprofessionalName: CABINET DES TILLEULS\n';
  writeFileSync(at('claim.yaml'), `number: "000000042"\ndate: 20261129\n${who}${amounts}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeNeeds(PCSC_STACK, 'the counter at a PC/SC reader', () => {
  let daemon: Pcscd;
  let inserted: VpcdCard | null = null;
  let close: () => void = () => {};
  beforeAll(async () => {
    daemon = await Pcscd.start();
    await phoneImage(at('phone.img'));
    trustFile(at('trust.json'));
    await statusListFile(at('list'), []);
  });
  afterAll(() => daemon?.stop());
  afterEach(async () => {
    await inserted?.remove();
    close();
    inserted = null;
  });

  /** Puts a card on the reader. @returns its phone's screen */
  async function insert(source: Parameters<typeof openCard>[0]): Promise<PhoneScreen> {
    const opened = await openCard(source);
    close = () => opened.close();
    inserted = await serveOnVpcd(opened.card.port('contactless'), { interface: 'contactless' });
    return new PhoneScreen(opened.card);
  }

  const reader = (): string[] => ['--reader', `pcsc:${SLOTS[0]}`, '--can-file', at('can'), '--keys', 'test'];

  it('reads the test card of the phone after the holder has agreed, and nothing before', async () => {
    const screen = await insert({ kind: 'profile', name: 'apcv' });
    const refused = await vitap('counter', 'tap', ...reader());
    expect(refused).toMatchObject({ exit: 1, out: '' });
    expect(refused.err).toMatch(/^vitap: the card gives nothing: the holder has not agreed on the phone/);
    screen.unlock(code());
    const read = await vitap('counter', 'tap', ...reader(), '--json', '--record', at('tap.jsonl'));
    expect(read.exit, read.err).toBe(0);
    const reading = READING.parse(JSON.parse(read.out));
    expect(reading.people.map(({ firstName, open }) => [firstName, open])).toEqual([
      ['***', true],
      ['***', true],
      ['***', true],
    ]);
    for (const text of [readFileSync(at('tap.jsonl'), 'latin1'), read.out, read.err]) {
      for (const secret of ['ADRUN', 'ZOE', '275126322074974', '19751231', '161803', '274916']) {
        expect(text).not.toContain(secret);
      }
    }
  });

  it('of two readers that race for one phone serves one', async () => {
    const screen = await insert({ kind: 'profile', name: 'apcv' });
    screen.unlock(code());
    const both = await Promise.all([1, 2].map(() => vitap('counter', 'tap', ...reader(), '--show')));
    const [served, ...more] = both.filter(({ exit }) => exit === 0);
    expect(served?.out, both.map(({ err }) => err).join()).toContain('ZOE ADRUN');
    expect(more).toEqual([]);
    const other = both.find(({ exit }) => exit !== 0);
    expect(other?.out).toBe('');
    expect(other?.err).toMatch(/another reader has used the agreement|in use|busy|another program/);
  });

  it('looks an activated phone up, and puts the claim on it after a new consent', async () => {
    const screen = await insert({ kind: 'image', fileOrName: at('phone.img') });
    const lists = ['--trust', at('trust.json'), '--status-list', at('list'), '--offline', '--counter', at('counter')];
    screen.unlock(code());
    const read = await vitap('counter', 'tap', ...reader(), ...lists, '--json');
    expect(READING.parse(JSON.parse(read.out)).activation).toMatchObject({ state: 'active' });
    const before = await vitap('counter', 'claim', at('claim.yaml'), ...reader());
    expect(before.exit).toBe(1);
    expect(before.err).toMatch(/^vitap: the card takes no claim: the holder has not agreed anew/);
    screen.unlock(code());
    expect(await vitap('counter', 'claim', at('claim.yaml'), ...reader())).toMatchObject({
      exit: 0,
      out: 'the claim is on the card\n',
    });
    screen.unlock(code());
    const again = await vitap('counter', 'tap', ...reader(), ...lists, '--invoices', '--json');
    expect(READING.parse(JSON.parse(again.out)).invoices?.map(({ number }) => number)).toEqual(['000000042']);
  });
});

describe('the queue of a counter', () => {
  /** An issuer that answers late, and counts whom it heard. */
  async function lateIssuer(): Promise<{ origin: string; heard: string[]; close(): void }> {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        const payload = JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString('utf8'));
        heard.push(payload.jti);
        const answer = (): void =>
          void response.setHeader('content-type', 'application/json').end('{"id":1,"receivedAt":1}');
        // The first one waits for an answer until it is killed.
        if (heard.length > 1) answer();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const close = (): void => {
      server.closeAllConnections();
      server.close();
    };
    return { origin: `http://127.0.0.1:${port}`, heard, close };
  }

  it('survives SIGKILL while a claim is under way, and sends it again under the same identifier', async () => {
    const issuer = await lateIssuer();
    const counter = at('killed');
    new FollowUps(new CounterFolder(counter)).keep({
      at: '2026-11-29T12:00:00.000Z',
      issuer: issuer.origin,
      proof: { kind: 'offline QR', tokenId: '1'.repeat(32), text: 'VT1:TEXT' },
    });
    const options = ['--counter', counter, '--keys', 'test'];
    expect((await vitap('counter', 'claim', at('claim.yaml'), '--after', 'last', '--counter', counter)).exit).toBe(0);
    const sending = spawn(process.execPath, [PROGRAM, 'counter', 'queue', 'send', ...options], { stdio: 'ignore' });
    await vi.waitFor(() => expect(issuer.heard).toHaveLength(1), 30_000);
    sending.kill('SIGKILL');
    await once(sending, 'close');
    await pause(50);
    const waits = JSON.parse((await vitap('counter', 'queue', '--json', '--counter', counter)).out);
    expect(waits.claims).toMatchObject([{ state: 'waiting', attempts: 1, number: '000000042' }]);
    const sent = await vitap('counter', 'queue', 'send', ...options, '--json');
    expect(JSON.parse(sent.out).claims, sent.out).toMatchObject([{ state: 'sent', attempts: 2 }]);
    expect(new Set(issuer.heard).size).toBe(1);
    expect(issuer.heard).toHaveLength(2);
    expect(readdirSync(join(counter, 'queue'))).toHaveLength(1);
    issuer.close();
  });
});
