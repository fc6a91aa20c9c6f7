import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { Phone } from '../../../../rig/life/phone/phone.ts';
import { Opening, WindowWatch } from '../../../../rig/life/phone/present.ts';
import { PhonePage } from '../../../../rig/life/phone/serve.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { crypto } from './blank-card.ts';
import { IssuerDouble } from './issuer-double.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CODE = '385127';
const code = (): Uint8Array => new TextEncoder().encode(CODE);
const SECOND = 1e9;
const root = mkdtempSync(join(tmpdir(), 'vitap-window-'));
let nowNs = 1;
let phone: Phone;

beforeAll(async () => {
  phone = open();
  await phone.activate({
    ticket: 'application:1.right',
    issuer: new IssuerDouble(),
    newCode: async () => code(),
    test: false,
  });
});
afterAll(() => {
  phone.close();
  rmSync(root, { recursive: true, force: true });
});

/** A phone whose clock is this file's. */
function open(): Phone {
  const clock = { nowNs: () => nowNs, wallSeconds: () => 1_800_000_000 };
  return Phone.open(join(root, 'p'), { crypto, random: systemRandom, clock });
}

describe('the window of a presentation', () => {
  const said: string[] = [];
  let ended = 0;
  let watch: WindowWatch;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    said.splice(0);
    ended = 0;
    phone.unlock(code());
    watch = new WindowWatch(
      phone,
      (event) => said.push(event),
      () => ended++,
    );
  });
  afterEach(() => {
    watch.end();
    vi.useRealTimers();
    phone.lock();
  });

  function pass(seconds: number): void {
    nowNs += seconds * SECOND;
    vi.advanceTimersByTime(300);
  }

  it('is a minute, by the clock of the card', () => {
    pass(59.9);
    expect([phone.view().window?.remainingMs, said, ended]).toEqual([100, [], 0]);
    pass(0.1);
    expect([phone.view().window, said, ended]).toEqual([null, ['closed'], 0]);
    pass(0.1);
    expect([said, ended]).toEqual([['closed'], 1]);
  });

  it('that was opened again is whole again', () => {
    pass(59.9);
    phone.unlock(code());
    pass(59.9);
    expect([phone.view().window?.remainingMs, said, ended]).toEqual([100, [], 0]);
  });

  it('that was locked closes at once; a reader that is there is let finish until the minute is over', () => {
    pass(10);
    phone.lock();
    pass(1);
    expect([said, ended]).toEqual([['closed'], 0]);
    watch.link({ type: 'field-off' } as Parameters<WindowWatch['link']>[0]);
    expect(ended).toBe(1);
  });
});

describe('a window that opens when the reader is there', () => {
  it('is whole then, however long that took', () => {
    const opening = new Opening(phone, code());
    expect(phone.view().window).toBeNull();
    nowNs += 3600 * SECOND;
    opening.now();
    expect(phone.view().window).toEqual({ remainingMs: 60_000, wholeMs: 60_000, uses: 1 });
    phone.lock();
    opening.now();
    expect(phone.view().window).toBeNull();
  });

  it('a wrong code is refused before, and overwritten', () => {
    const wrong = new TextEncoder().encode('385128');
    expect(() => new Opening(phone, wrong)).toThrow('the code is wrong: 2 tries left');
    expect(wrong).toEqual(new Uint8Array(6));
  });

  it('a code that is not needed any more is overwritten, and opens nothing', () => {
    const given = code();
    const opening = new Opening(phone, given);
    opening.drop();
    expect(given).toEqual(new Uint8Array(6));
    opening.now();
    expect(phone.view().window).toBeNull();
  });
});

describe('a reader', () => {
  /** In the place of pcscd with vpcd: it powers the card that comes. */
  async function virtualReader(port = 0): Promise<{ port: number; close(): void }> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(Uint8Array.of(0, 1, 1));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
  }

  it('that comes late finds the whole window: phone present --wait', async () => {
    const { port, close } = await virtualReader();
    close();
    phone.close();
    const end = new AbortController();
    const io = fakeIo({ env: { VITAP_PIN: CODE }, json: true, signal: end.signal });
    const words = [
      'phone',
      'present',
      '--wait',
      '--link',
      `vpcd:127.0.0.1:${port}`,
      '--phone',
      join(root, 'p'),
      '--json',
    ];
    const presented = runCommandLine(words, '0.0.0', VERBS, io);
    const events = (): { event: string }[] =>
      io.out
        .join('')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    await vi.waitFor(() => expect(events().map(({ event }) => event)).toEqual(['ready']), 20_000);
    const late = await virtualReader(port);
    await vi.waitFor(() => expect(events().map(({ event }) => event)).toContain('open'), 20_000);
    expect(
      events()
        .map(({ event }) => event)
        .slice(0, 4),
    ).toEqual(['ready', 'attached', 'start', 'open']);
    end.abort();
    await presented;
    late.close();
    phone = open();
  });

  it('that is not there is told to the page, and the window stays closed', async () => {
    const link = { driver: 'vpcd', host: '127.0.0.1', port: 1 } as const;
    const options = { folder: null, issuer: null, identity: null, link, test: false, port: 0, timeoutMs: 1000 };
    const page = new PhonePage(phone, options, fakeIo({}));
    await expect(page.openWindow({ code: CODE })).rejects.toMatchObject({ name: 'HalError' });
    expect((await page.view()).window).toBeNull();
    expect(phone.view().window).toBeNull();
  });

  it('that another card is in is told too', { timeout: 20_000 }, async () => {
    const server = createServer((socket) => void socket.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const options = {
      folder: null,
      issuer: null,
      identity: null,
      link: { driver: 'vpcd', host: '127.0.0.1', port } as const,
      test: false,
      port: 0,
      timeoutMs: 1000,
    };
    const page = new PhonePage(phone, options, fakeIo({}));
    await expect(page.openWindow({ code: CODE })).rejects.toMatchObject({ code: 'busy', status: 409 });
    expect(phone.view().window).toBeNull();
    server.close();
  });
});
