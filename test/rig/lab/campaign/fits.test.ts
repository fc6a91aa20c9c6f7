import { describe, expect, it } from 'vitest';
import type { Capability, Requirement } from '../../../../rig/lab/api/capability.ts';
import { fits, misfit, requirementInWords } from '../../../../rig/lab/campaign/fits.ts';

const ATR = '3B8F8001';
const VPCD: Capability = {
  device: 'pcsc:Virtual PCD 00 00',
  kind: 'reader',
  driver: 'pcsc',
  model: 'Virtual PCD 00 00',
  backend: 'simulated',
  interfaces: ['contact', 'contactless'],
  protocols: ['T=1'],
  extended: true,
  ours: true,
  identity: null,
  card: null,
};
const ACS: Capability = {
  ...VPCD,
  device: 'pcsc:ACS ACR1252',
  model: 'ACS ACR1252',
  backend: 'hardware',
  interfaces: ['contactless'],
  extended: false,
  ours: false,
  card: { atr: ATR, label: 'blue-42' },
};
const BOARD: Capability = {
  ...ACS,
  device: 'board:/dev/ttyUSB0',
  kind: 'board',
  driver: 'pn532',
  model: 'PN532',
  identity: 'usb-10c4-ea60-0001',
  card: null,
};
const reader = (more: Partial<Requirement> = {}): Requirement => ({ kind: 'reader', ...more });
const board = (more: Partial<Requirement> = {}): Requirement => ({ kind: 'board', ...more });

describe('a requirement and a device', () => {
  const everything = {
    bench: 'table-1',
    backend: 'simulated',
    interface: 'contactless',
    protocol: 'T=1',
    extended: true,
    driver: 'pcsc',
    model: 'virtual pcd',
    ours: true,
  } as const;
  it.each<[string, Requirement, Capability, string | null]>([
    ['any reader', reader(), ACS, null],
    ['everything that vpcd has', reader(everything), VPCD, null],
    ['another bench', reader({ bench: 'table-2' }), VPCD, 'it is not of bench table-2'],
    ['hardware', reader({ backend: 'hardware' }), VPCD, 'it is simulated'],
    ['another driver', reader({ driver: 'loopback' }), VPCD, 'its driver is pcsc'],
    ['another model', reader({ model: 'SCM' }), ACS, 'it is a ACS ACR1252'],
    ['an interface that it has not', reader({ interface: 'contact' }), ACS, 'it is not contact'],
    ['a protocol that it has not', reader({ protocol: 'T=0' }), VPCD, 'it does not speak T=0'],
    ['extended length', reader({ extended: true }), ACS, 'it has no extended length'],
    ['a card of ours', reader({ ours: true }), ACS, 'no card of ours can be put there'],
    ['a card by its label', reader({ card: 'blue-42' }), ACS, null],
    ['a card that is elsewhere', reader({ card: 'red-1' }), ACS, 'the card red-1 is not there'],
    ['a card, and an empty reader', reader({ card: 'blue-42' }), VPCD, 'the card blue-42 is not there'],
    ['a card by its ATR', reader({ atr: ATR }), ACS, null],
    ['another ATR', reader({ atr: '3B00' }), ACS, 'no card with that ATR is there'],
    ['an ATR, and an empty reader', reader({ atr: ATR }), VPCD, 'no card with that ATR is there'],
    ['a reader, and a board', reader(), BOARD, 'it is no reader'],
    ['a board, and a reader', board(), VPCD, 'it is no board'],
    ['any board', board(), BOARD, null],
    ['a board of another kind', board({ driver: 'uf2' }), BOARD, 'its driver is pn532'],
    ['that very board', board({ identity: 'usb-10c4-ea60-0001' }), BOARD, null],
    ['another board', board({ identity: 'usb-10c4-ea60-0002' }), BOARD, 'it is another board'],
  ])('%s', (_, requirement, capability, expected) => {
    const device = { bench: 'table-1', capability };
    expect([misfit(requirement, device), fits(requirement, device)]).toEqual([expected, expected === null]);
  });

  it.each<[Requirement, string]>([
    [
      reader({ backend: 'simulated', interface: 'contact', protocol: 'T=0', extended: true, ours: true }),
      'a simulated contact reader with T=0 and extended length for a card of ours',
    ],
    [reader({ card: 'red-1', bench: 'table-2' }), 'a reader with the card red-1 at bench table-2'],
    [board({ driver: 'pn532', backend: 'hardware' }), 'a hardware pn532 board'],
  ])('in words: %#', (requirement, words) => expect(requirementInWords(requirement)).toBe(words));
});
