import { describe, expect, it } from 'vitest';
import { type Campaign, parseCampaign, type Surroundings } from '../../../../rig/lab/campaign/campaign.ts';
import { type BenchDevice, fits } from '../../../../rig/lab/campaign/fits.ts';
import { INPUT_PATH, RUN_WORK } from '../../../../rig/lab/campaign/work.ts';

const FILES: Readonly<Record<string, 'file' | 'folder'>> = {
  'cards/blue.img': 'file',
  'own.yaml': 'file',
  'p.bin': 'file',
  traces: 'folder',
};
const AROUND: Surroundings = {
  kindOf: (path) => FILES[path] ?? null,
  isProfile: (name) => ['vitale2', 'eac'].includes(name),
  isShippedSuite: (path) => path === 'suites/vitale2',
  boards: null,
};
const read = (text: string, more: Partial<Surroundings> = {}): Campaign =>
  parseCampaign(text, 'c.yaml', { ...AROUND, ...more });
const refusal = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    expect((error as Error).name).toBe('ProfileError');
    return (error as Error).message;
  }
  throw new Error('this campaign was not refused');
};

const WHOLE = `
version: 1
name: spring
repeat: 2
limit: 60
attempts: 4
needs: {backend: simulated}
cards:
  - {id: v2, profile: vitale2}
  - {id: blue, image: cards/blue.img, interface: contact}
  - {id: real, label: blue-42}
  - {id: known, atr: 3b 8f 80 01}
boards:
  - {id: any, driver: pn532}
judge:
  - conform: iso7816-4
    only: SEL-*
    cards: [v2, real]
  - replay: traces/
    cards: [blue]
    needs: {backend: hardware, protocol: T=0, extendedLength: yes}
  - benchTap: 10
    cards: [known]
    repeat: 1
  - boardTest: [wake-up, rom]
  - boardFlash: cards/blue.img
    limit: 7
  - rehearsal: 1500
`;

describe('a campaign file', () => {
  it('becomes runs: what is judged, on which target, how often, and what each needs', () => {
    const { name, attempts, runs, inputs } = read(WHOLE);
    expect([name, attempts, inputs]).toEqual(['spring', 4, ['cards/blue.img', 'traces']]);
    expect(runs.map(({ suite, subject, repetition }) => `${repetition} ${suite} / ${subject}`)).toEqual([
      '1 conform iso7816-4 / v2',
      '1 conform iso7816-4 / real',
      '1 replay of traces / blue',
      '1 bench tap, 10 taps / known',
      '1 board test / any',
      '1 board flash of cards/blue.img / any',
      '1 rehearsal of 1500 ms / any reader',
      '2 conform iso7816-4 / v2',
      '2 conform iso7816-4 / real',
      '2 replay of traces / blue',
      '2 board test / any',
      '2 board flash of cards/blue.img / any',
      '2 rehearsal of 1500 ms / any reader',
    ]);
    expect(runs.slice(0, 7).map(({ requirement }) => requirement)).toEqual([
      { kind: 'reader', backend: 'simulated', ours: true },
      { kind: 'reader', backend: 'simulated', card: 'blue-42' },
      { kind: 'reader', backend: 'hardware', protocol: 'T=0', extended: true, interface: 'contact', ours: true },
      { kind: 'reader', backend: 'simulated', atr: '3B8F8001' },
      { kind: 'board', backend: 'simulated', driver: 'pn532' },
      { kind: 'board', backend: 'simulated', driver: 'pn532' },
      { kind: 'reader', backend: 'simulated' },
    ]);
    expect(runs.slice(0, 7).map(({ work }) => work)).toEqual([
      { kind: 'conform', suite: 'iso7816-4', only: 'SEL-*', card: { kind: 'profile', profile: 'vitale2' } },
      { kind: 'conform', suite: 'iso7816-4', only: 'SEL-*', card: { kind: 'there' } },
      { kind: 'replay', folder: 'traces', card: { kind: 'image', image: 'cards/blue.img', interface: 'contact' } },
      { kind: 'bench-tap', taps: 10, warmUp: 5, sequence: 'all', plan: 'classic', card: { kind: 'there' } },
      { kind: 'board-test', only: ['wake-up', 'rom'] },
      { kind: 'board-flash', image: 'cards/blue.img' },
      { kind: 'rehearsal', milliseconds: 1500 },
    ]);
    // What travels is what the bench reads.
    for (const { work } of runs) expect(RUN_WORK.parse(JSON.parse(JSON.stringify(work)))).toEqual(work);
    expect(runs.slice(0, 7).map((run) => [run.inputs, run.limitSeconds])).toEqual([
      [[], 60],
      [[], 60],
      [['cards/blue.img', 'traces'], 60],
      [[], 60],
      [[], 60],
      [['cards/blue.img'], 7],
      [[], 60],
    ]);
  });

  it('uploads a profile of its own, and finds a suite that comes with vitap', () => {
    const text =
      'version: 1\nname: a\ncards: [{id: own, profile: own.yaml}]\njudge: [{replay: suites/vitale2}, {replay: suites/vitale2}]\n';
    const { runs, inputs } = read(text);
    expect(inputs).toEqual(['own.yaml']);
    expect(runs.map(({ suite }) => suite)).toEqual(['replay of suites/vitale2', 'replay of suites/vitale2 (2)']);
  });

  const board = (bench: string, driver: string, identity: string): BenchDevice => ({
    bench,
    capability: {
      device: `board:${identity}`,
      kind: 'board',
      driver,
      model: '',
      backend: 'simulated',
      interfaces: [],
      protocols: [],
      extended: false,
      ours: false,
      identity,
      card: null,
    },
  });

  it('puts a program and a card onto every board of a kind that the benches have: a row for each', () => {
    const text =
      'version: 1\nname: a\nboards: [{id: h7, driver: stm32, every: yes}]\njudge:\n  - {boardFlash: p.bin, image: cards/blue.img, cardAt: 0x08080000, chip: 0x480, resume: yes, start: no}\n';
    const long = 'k'.repeat(120);
    const boards = [
      board('t1', 'stm32', 'usb-1'),
      board('t1', 'pn532', 'usb-2'),
      board('t2', 'stm32', 'usb-1'),
      board('t2', 'stm32', long),
    ];
    const { runs, inputs, every } = read(text, { boards });
    expect([inputs, every]).toEqual([['cards/blue.img', 'p.bin'], ['h7']]);
    expect(runs.map(({ subject, requirement }) => [subject, requirement])).toEqual([
      ['h7 t1 usb-1', { kind: 'board', driver: 'stm32', bench: 't1', identity: 'usb-1' }],
      ['h7 t2 usb-1', { kind: 'board', driver: 'stm32', bench: 't2', identity: 'usb-1' }],
      [`…${'k'.repeat(99)}`, { kind: 'board', driver: 'stm32', bench: 't2', identity: long }],
    ]);
    expect(runs.map(({ suite, inputs: files }) => [suite, files])).toEqual(
      Array.from({ length: 3 }, () => ['board flash of p.bin', ['p.bin', 'cards/blue.img']]),
    );
    const work = {
      kind: 'board-program',
      firmware: 'p.bin',
      image: 'cards/blue.img',
      cardAt: 0x08080000,
      chip: 0x480,
      resume: true,
      start: false,
    };
    expect(runs[0]?.work).toEqual(work);
    expect(RUN_WORK.parse(JSON.parse(JSON.stringify(work)))).toEqual(work);
    // Nobody was asked: one stands for all.
    expect(read(text).runs.map(({ subject }) => subject)).toEqual(['h7']);
    expect(() => read(text, { boards: [board('t1', 'pn532', 'usb-2')] })).toThrow(
      'c.yaml:3:10: no bench that lives has such a board: see vitap lab benches',
    );
  });

  it('takes a board for a PN532 where nothing says another kind', () => {
    const text = (boards: string) =>
      `version: 1\nname: a\nneeds: {driver: firmware}\nboards: ${boards}\njudge: [{boardTest: all}]\n`;
    expect(read(text('[{id: x}]')).runs[0]?.requirement.driver).toBe('firmware');
    expect(read(text('[{id: x, driver: pn532}]')).runs[0]?.requirement.driver).toBe('pn532');
    const plain = 'version: 1\nname: a\nboards: [{id: x}]\njudge: [{boardTest: all}]\n';
    expect(read(plain).runs[0]?.requirement.driver).toBe('pn532');
  });

  const BOARDS =
    'version: 1\nname: a\nboards:\n  - {id: pn}\n  - {id: h7, driver: stm32}\n  - {id: u, driver: uf2}\njudge:\n';
  it.each([
    [
      'a program and a card in one',
      '  - {boardFlash: p.bin}\n',
      'c.yaml:8:18: a program goes onto stm32 and uf2, a card onto the others, and here are pn532 and stm32 and uf2: name the boards under `boards`',
    ],
    [
      'an address for a card',
      '  - {boardFlash: cards/blue.img, cardAt: 0x08000000, boards: [pn]}\n',
      'c.yaml:8:42: `cardAt` goes with a program for stm32 or uf2',
    ],
    [
      'a card without its place',
      '  - {boardFlash: p.bin, image: cards/blue.img, boards: [h7]}\n',
      'c.yaml:8:32: `image` and `cardAt` go together: `cardAt` is missing',
    ],
    [
      'a chip for a drive',
      '  - {boardFlash: p.bin, chip: 0x480, boards: [h7, u]}\n',
      'c.yaml:8:31: `chip` is for the bootloader of an STM32',
    ],
    [
      'an address that is none',
      '  - {boardFlash: p.bin, address: 134217728, boards: [h7]}\n',
      'c.yaml:8:34: `134217728` is not an address in hexadecimal, as 0x08000000',
    ],
    [
      'a bring-up of a bootloader',
      '  - {boardTest: all, boards: [h7]}\n',
      'c.yaml:8:17: a bring-up is of pn532 or firmware, and a board here is stm32: what runs on it is a board of driver firmware',
    ],
    [
      'a key of flashing for a test',
      '  - {boardTest: all, start: no, boards: [pn]}\n',
      'c.yaml:8:29: `start` goes with boardFlash, not with boardTest',
    ],
  ])('boards: %s is refused with line and column', (_, judge, expected) =>
    expect(refusal(BOARDS + judge)).toContain(expected),
  );

  it('every one of a kind is not one by its identity', () =>
    expect(
      refusal('version: 1\nname: a\nboards: [{id: x, identity: usb-1, every: yes}]\njudge: [{boardTest: all}]\n'),
    ).toBe('c.yaml:3:28: one board is meant by its identity, and every one by `every`'));

  const JUDGE = 'judge: [{conform: iso7816-4}]\n';
  const CARD = 'cards: [{id: v2, profile: vitale2}]\n';
  it.each([
    [
      'a key that nobody knows',
      `version: 1\nname: a\ncolour: blue\n${CARD}${JUDGE}`,
      'c.yaml:3:1: `colour` is not a key that is known here',
    ],
    ['no name', `version: 1\n${CARD}${JUDGE}`, 'c.yaml:1:1: `name` is missing'],
    ['a version to come', `version: 2\nname: a\n${CARD}${JUDGE}`, 'c.yaml:1:10: `2` is not 1'],
    ['not YAML', 'version: 1\nname: [a\n', /^c\.yaml:\d+:\d+: not YAML: /],
    [
      'a suite that is none',
      `version: 1\nname: a\n${CARD}judge:\n  - conform: iso\n`,
      'c.yaml:5:14: `iso` is none of iso7816-4, vitale, t4t, sm, pace, eac',
    ],
    [
      'nothing to judge',
      `version: 1\nname: a\n${CARD}judge:\n  - cards: [v2]\n`,
      'c.yaml:5:5: what is judged is one of conform, replay, benchTap, boardTest, boardFlash, rehearsal, and none of them is here',
    ],
    [
      'two things in one',
      `version: 1\nname: a\n${CARD}judge:\n  - conform: sm\n    benchTap: 3\n`,
      'c.yaml:5:5: what is judged is one of conform, replay, benchTap, boardTest, boardFlash, rehearsal, and here are conform and benchTap',
    ],
    [
      'a key of another kind',
      `version: 1\nname: a\n${CARD}judge:\n  - conform: sm\n    warmUp: 3\n`,
      'c.yaml:6:13: `warmUp` goes with benchTap, not with conform',
    ],
    [
      'no card to judge',
      `version: 1\nname: a\n${JUDGE}`,
      'c.yaml:3:19: conform judges cards, and this campaign names none under `cards`',
    ],
    [
      'a card that is not there',
      `version: 1\nname: a\n${CARD}judge:\n  - conform: sm\n    cards: [v2, v3]\n`,
      'c.yaml:6:17: no card has the id `v3`; there is v2',
    ],
    [
      'a card of two kinds',
      `version: 1\nname: a\ncards:\n  - id: b\n    profile: eac\n    label: x\n${JUDGE}`,
      'c.yaml:4:5: a card has one of profile, image, label and atr, and this one has 2',
    ],
    [
      'a profile that is not there',
      `version: 1\nname: a\ncards: [{id: b, profile: eax}]\n${JUDGE}`,
      'c.yaml:3:26: there is no profile eax',
    ],
    [
      'a file that is not there',
      `version: 1\nname: a\ncards: [{id: b, image: red.img}]\n${JUDGE}`,
      'c.yaml:3:24: there is no file red.img beside the campaign file',
    ],
    [
      'a path that leads out',
      `version: 1\nname: a\ncards: [{id: b, image: ../red.img}]\n${JUDGE}`,
      'c.yaml:3:24: an input lies beside the campaign file or in a folder there, and is named by its path from there',
    ],
    [
      'a folder for a file',
      `version: 1\nname: a\ncards: [{id: b, image: traces}]\n${JUDGE}`,
      'c.yaml:3:24: traces is a folder; a file is needed here',
    ],
    [
      'the same card twice',
      `version: 1\nname: a\ncards: [{id: b, profile: eac}, {id: b, profile: vitale2}]\n${JUDGE}`,
      'c.yaml:3:37: another card has the id `b`',
    ],
    [
      'an ATR that is none',
      `version: 1\nname: a\ncards: [{id: b, atr: 3X}]\n${JUDGE}`,
      'c.yaml:3:22: `3X` is not hexadecimal bytes',
    ],
    [
      'a card that lies there, on an interface',
      `version: 1\nname: a\ncards: [{id: b, label: c, interface: contact}]\n${JUDGE}`,
      'c.yaml:3:38: a card that lies in a reader is used as it lies there; `needs` says which interface',
    ],
    [
      'a phase that is none',
      'version: 1\nname: a\nboards: [{id: x}]\njudge: [{boardTest: [wake]}]\n',
      /^c\.yaml:4:22: there is no phase wake; phases are wake-up, /,
    ],
    [
      'more runs than anybody does',
      `version: 1\nname: a\nrepeat: 60000\n${CARD}judge: [{conform: sm}, {conform: eac}]\n`,
      'c.yaml:5:1: these are more than 100000 runs',
    ],
  ])('%s: refused with line and column', (_, text, expected) => {
    const said = refusal(text);
    if (typeof expected === 'string') expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });
});

describe('the name of an input', () => {
  it.each(['card.img', 'cards/blue 1.img', 'suites/a/suite.yaml'])('%s is one', (path) =>
    expect(INPUT_PATH.safeParse(path).success).toBe(true),
  );
  it.each([
    '',
    '/etc/passwd',
    '../card.img',
    'a/../b',
    'a/./b',
    '.hidden',
    'a//b',
    'a\\b',
    'a\nb',
    'C:x',
    'a'.repeat(201),
  ])('%j is none', (path) => expect(INPUT_PATH.safeParse(path).success).toBe(false));
});

it('a run of a campaign fits a bench', () => {
  const [run] = read(WHOLE).runs;
  const device = {
    device: 'loopback',
    kind: 'reader',
    driver: 'loopback',
    model: 'in process',
    backend: 'simulated',
    interfaces: ['contact'],
    protocols: ['T=1'],
    extended: true,
    ours: true,
    identity: null,
    card: null,
  } as const;
  expect(fits(run!.requirement, { bench: 'a', capability: device })).toBe(true);
  expect(fits(run!.requirement, { bench: 'a', capability: { ...device, ours: false } })).toBe(false);
});
