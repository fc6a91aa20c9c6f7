import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { PinState } from '../../rig/card/card-source.ts';
import { openCard } from '../../rig/card/open.ts';
import type { Card } from '../../src/applet/card.ts';
import { PIN } from '../../src/applet/image/layout.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { PASSWORD, type PasswordName } from '../../src/secure-channel/index.ts';
import { AUSWEISAPP, AusweisApp, type PinChange, type Typed } from './ausweisapp.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds } from './real-parts.ts';
import { serveOnVpcd, type VpcdCard } from './vpcd-card.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const CAN = '500540';
const PIN_CODE = '123456';
const NEW_PIN = '654321';
const PUK = '9876543210';

/** AusweisApp2 changes PINs of the profile `eac`, unmodified, through pcscd. */
describeNeeds(AUSWEISAPP, 'AusweisApp2 and the profile eac', () => {
  let daemon: Pcscd;
  let folder: string;
  let app: AusweisApp;
  let card: Card;
  let nvm: Nvm;
  let served: VpcdCard;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ausweisapp-'));
  });
  afterEach(async () => {
    await app.stop();
    await served.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function insert(state?: PinState): Promise<void> {
    ({ card, nvm } = await openCard({ kind: 'profile', name: 'eac', ...(state !== undefined && { state }) }));
    served = await serveOnVpcd(card.port('contactless'), { interface: 'contactless' });
    app = await AusweisApp.start(folder);
  }

  const tries = (name: PasswordName): number => {
    const pin = card.image.pins.find(({ password }) => password === PASSWORD[name]);
    return nvm.readByte((pin?.address ?? 0) + PIN.TRIES_LEFT);
  };

  async function change(typed: Typed): Promise<PinChange> {
    await app.card();
    return await app.changePin(typed);
  }

  itNeeds(AUSWEISAPP, 'changes the PIN, and the new one is the PIN', async () => {
    await insert();
    expect(await change({ PIN: [PIN_CODE], NEW_PIN: [NEW_PIN] })).toEqual({
      asked: ['PIN 3', 'NEW_PIN'],
      success: true,
    });
    expect(tries('PIN')).toBe(3);
    expect(await change({ PIN: [NEW_PIN], NEW_PIN: [PIN_CODE] })).toEqual({
      asked: ['PIN 3', 'NEW_PIN'],
      success: true,
    });
  });

  itNeeds(AUSWEISAPP, 'a wrong PIN costs a try; the right one gives it back', async () => {
    await insert();
    const { asked, success } = await change({ PIN: ['000000', PIN_CODE], NEW_PIN: [NEW_PIN] });
    expect(asked).toEqual(['PIN 3', 'PIN 2', 'NEW_PIN']);
    expect(success).toBe(true);
    expect(tries('PIN')).toBe(3);
  });

  itNeeds(AUSWEISAPP, 'two wrong PINs suspend it: the CAN opens the third try', async () => {
    await insert();
    const went = await change({ PIN: ['000000', '111111', PIN_CODE], CAN: [CAN], NEW_PIN: [NEW_PIN] });
    expect(went).toEqual({ asked: ['PIN 3', 'PIN 2', 'CAN 1', 'PIN 1', 'NEW_PIN'], success: true });
    expect(tries('PIN')).toBe(3);
  });

  itNeeds(AUSWEISAPP, 'a wrong third try blocks it, the PUK unblocks it; a wrong PUK costs the PUK a try', async () => {
    await insert('suspended');
    const went = await change({
      CAN: ['123123', CAN],
      PIN: ['000000', PIN_CODE],
      PUK: ['0000000000', PUK],
      NEW_PIN: [NEW_PIN],
    });
    expect(went.asked).toEqual(['CAN 1', 'CAN 1', 'PIN 1', 'PUK 0', 'PUK 0', 'PIN 3', 'NEW_PIN']);
    expect(went.success).toBe(true);
    expect(tries('PUK')).toBe(9);
    expect(tries('PIN')).toBe(3);
  });

  itNeeds(AUSWEISAPP, 'asks for the PUK alone when the PIN is blocked', async () => {
    await insert('blocked');
    expect(await change({ PUK: [PUK] })).toEqual({ asked: ['PUK 0', 'PIN 3'], success: null });
    expect(tries('PIN')).toBe(3);
  });

  itNeeds(AUSWEISAPP, 'sees a PIN that is deactivated', async () => {
    await insert('deactivated');
    expect(await app.card()).toMatchObject({ deactivated: true, inoperative: false });
  });
});
