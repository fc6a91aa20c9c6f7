import { describe, expect, it } from 'vitest';
import { TlvReader } from '../../src/apdu/ber-tlv-reader.ts';
import { fromHex } from '../../src/apdu/hex.ts';
import { LIFE_CYCLE } from '../../src/applet/files/life-cycle.ts';
import { AID_A, AID_B, AID_C, benchSpecification, boot, selectName } from './bench-card.ts';

/** DF name or FID of the directory that is current: what SELECT of "this" by path 3FFF answers in tag 83. */
function currentDirectory(send: (command: string) => string): string {
  const answer = send('00 A4 09 04 02 3FFF 00');
  return answer.slice(answer.indexOf('8302') + 4, answer.indexOf('8302') + 8);
}

describe('SELECT by file identifier', () => {
  it.each([
    ['MF without data', '00A40000', '9000', '3F00'],
    ['MF by identifier', '00A4000C 02 3F00', '9000', '3F00'],
    ['an EF of the MF', '00A4000C 02 0101', '9000', '3F00'],
    ['a DF of the MF', '00A4000C 02 7F10', '9000', '7F10'],
    ['a child DF', '00A4010C 02 7F10', '9000', '7F10'],
    ['no child DF: an EF', '00A4010C 02 0101', '6A82', '3F00'],
    ['an EF', '00A4020C 02 0101', '9000', '3F00'],
    ['no EF: a DF', '00A4020C 02 7F10', '6A82', '3F00'],
    ['no such file', '00A4000C 02 1234', '6A82', '3F00'],
    ['no parent of the MF', '00A4030C', '6A82', '3F00'],
    ['path from the MF', '00A4080C 04 7F106F10', '9000', '7F10'],
    ['path from the MF that names it', '00A4080C 06 3F007F106F10', '9000', '7F10'],
    ['path to nowhere', '00A4080C 04 7F106F99', '6A82', '3F00'],
    ['path through an EF', '00A4080C 04 01016F10', '6A82', '3F00'],
    ['path from the current DF', '00A4090C 04 7F106F10', '9000', '7F10'],
  ])('%s', (_, command, status, directory) => {
    const { send } = boot();
    expect(send(command)).toBe(status);
    expect(currentDirectory(send)).toBe(directory);
  });

  it('from a DF: its child, itself, its parent and its parent’s children', () => {
    const { send } = boot();
    for (const fid of ['6F10', '7F10', '3F00', '0101', 'DF01']) {
      expect(send('00A4080C 02 7F10')).toBe('9000');
      expect(send(`00A4000C 02 ${fid}`)).toBe('9000');
    }
    expect(send('00A4080C 02 7F10')).toBe('9000');
    expect(send('00A4000C 02 E001')).toBe('6A82'); // a grandchild of the MF is out of sight
  });

  it('parent of a DF', () => {
    const { send } = boot();
    send('00A4080C 02 7F10');
    expect(send('00A4030C')).toBe('9000');
    expect(currentDirectory(send)).toBe('3F00');
  });

  it.each([
    ['P1 00 with three bytes', '00A4000C 03 3F0000'],
    ['P1 02 without data', '00A4020C'],
    ['P1 03 with data', '00A4030C 02 3F00'],
    ['P1 04 without data', '00A4040C'],
    ['P1 08 with an odd path', '00A4080C 03 7F106F'],
  ])('6A87: %s', (_, command) => expect(boot().send(command)).toBe('6A87'));

  it.each(['00A4050C 02 3F00', '00A40010 02 3F00', '00A40001 02 3F00', '00A40410 02 F056'])('6A86: %s', (command) =>
    expect(boot().send(command)).toBe('6A86'),
  );

  it('a selection that fails leaves everything as it was', () => {
    const { send } = boot();
    send('00A4020C 02 0101');
    expect(send('00A4020C 02 9999')).toBe('6A82');
    expect(send('00B0000001')).toBe('009000');
  });
});

describe('SELECT by DF name', () => {
  it.each([
    ['whole name', AID_A, '00', 'DF01'],
    ['a longer name that begins like another', AID_B, '00', 'DF02'],
    ['cut short: first', 'F0 56 49', '00', 'DF01'],
    ['cut short: last', 'F0 56 49', '01', 'DF03'],
    ['one byte', 'F0', '00', 'DF01'],
  ])('%s', (_, name, p2, directory) => {
    const { send } = boot();
    expect(send(selectName(name, p2)).slice(-4)).toBe('9000');
    expect(currentDirectory(send)).toBe(directory);
  });

  it('next goes through all that match, then says 6A82 and stays', () => {
    const { send } = boot();
    const seen: string[] = [];
    for (const p2 of ['00', '02', '02']) {
      expect(send(selectName('F0', p2)).slice(-4)).toBe('9000');
      seen.push(currentDirectory(send));
    }
    expect(seen).toEqual(['DF01', 'DF02', 'DF03']);
    expect(send(selectName('F0', '02'))).toBe('6A82');
    expect(currentDirectory(send)).toBe('DF03');
    expect(send(selectName('F0', '03')).slice(-4)).toBe('9000');
    expect(currentDirectory(send)).toBe('DF02');
  });

  it('next from outside the matches is the first, previous the last', () => {
    const next = boot();
    next.send(selectName('F05649544150', '02'));
    expect(currentDirectory(next.send)).toBe('DF01');
    const previous = boot();
    previous.send(selectName('F05649544150', '03'));
    expect(currentDirectory(previous.send)).toBe('DF03');
  });

  it.each([
    ['unknown', 'A0 00 00 02 47 10 01'],
    ['longer than the name', `${AID_B} 00`],
    ['255 bytes', 'F0'.repeat(255)],
  ])('6A82: %s', (_, name) => expect(boot().send(selectName(name))).toBe('6A82'));

  it('finds an application from inside another', () => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send(selectName(AID_C)).slice(-4)).toBe('9000');
    expect(currentDirectory(send)).toBe('DF03');
  });
});

describe('control information', () => {
  /** By hand from ISO/IEC 7816-4: FCP tags, file descriptor, and the compact rules under A1 as IAS ECC writes them. */
  it.each([
    [
      'FCP of a transparent EF',
      '00A40204 02 0101 00',
      '62 1C 80020258 82020141 83020101 880108 8A0105 A108 8C020100 9C020100',
    ],
    [
      'FCP of an EF without a short identifier: empty tag 88',
      '00A40804 04 7F106F11 00',
      '62 1B 80020001 82020141 83026F11 8800 8A0105 A108 8C0201 10 9C0201 10',
    ],
    [
      'FCP of a linear fixed EF',
      '00A40804 04 DF01E001 00',
      '62 1F 80020020 8205024100 0405 8302E001 880108 8A0105 A108 8C020100 9C020100',
    ],
    [
      'FCP of a linear variable EF',
      '00A40804 04 DF01E002 00',
      '62 1F 80020040 8205044100 0805 8302E002 880110 8A0105 A108 8C020100 9C020100',
    ],
    [
      'FCP of a cyclic EF',
      '00A40804 04 DF01E003 00',
      '62 1F 8002000C 8205064100 0303 8302E003 880118 8A0105 A108 8C020100 9C020100',
    ],
    [
      'FCP of a DF with a name',
      '00A40004 02 DF01 00',
      `62 1D 820138 8302DF01 8407 ${AID_A} 8A0105 A108 8C020100 9C020100`,
    ],
    [
      'FCI of a DF adds the label',
      '00A40000 02 DF01 00',
      `6F 26 820138 8302DF01 8407 ${AID_A} 8A0105 A108 8C020100 9C020100 5007 42656E63682041`,
    ],
    ['FCI of the name alone', '00A40000 02 DF02 00', `6F 0A 8408 ${AID_B}`],
    ['FMD of a DF', '00A40008 02 DF01 00', `64 12 8407 ${AID_A} 5007 42656E63682041`],
    ['FMD of an EF', '00A40208 02 0101 00', '64 00'],
    [
      'no rule but "never": an empty access mode',
      '00A40804 04 DF01E006 00',
      '62 1A 80020001 82020141 8302E006 880130 8A0105 A106 8C0100 9C0100',
    ],
  ])('%s', (_, command, template) => {
    expect(boot().send(command)).toBe(`${template.replaceAll(' ', '')}9000`);
  });

  it('how many records a guarded file has is not said', () => {
    const answer = boot().send('00A40804 04 DF01E004 00');
    expect(answer).toContain('82040241' + '0002' + '8302E004');
  });

  it('a DF above is found by its identifier', () => {
    const { send } = boot();
    send('00A4080C 02 7F10');
    send('00A4020C 02 6F10');
    expect(send('00A4000C 02 7F10')).toBe('9000');
    expect(send('00A4000C 02 3F00')).toBe('9000');
  });

  it('P2 0C answers without data, and so does a command without Le', () => {
    const { send } = boot();
    expect(send('00A4000C 02 DF01')).toBe('9000');
    expect(send('00A4000C 02 DF01 00')).toBe('9000');
    expect(send('00A40000 02 DF01')).toBe('9000');
  });

  it('an Le below the template: 6Cxx with the right length, and the selection stays', () => {
    const { send } = boot();
    expect(send('00A40004 02 DF01 05')).toBe('6C1F');
    expect(currentDirectory(send)).toBe('3F00');
    expect(send('00A40004 02 DF01 1F').slice(-4)).toBe('9000');
  });

  it('is well-formed for every file of the card', () => {
    const { card, send } = boot();
    for (const file of card.image.files) {
      if (file.parent.parent !== file.parent) continue;
      const path = file.index === 0 ? '3F00' : file.fid.toString(16).padStart(4, '0');
      for (const p2 of ['00', '04', '08']) {
        const answer = fromHex(send(`00A408${p2} 02 ${path} 00`).slice(0, -4));
        const reader = new TlvReader(answer);
        expect(reader.next()).toBe(true);
        const inner = reader.enter();
        while (inner.next());
        expect(reader.next()).toBe(false);
      }
    }
  });

  it.each([
    [LIFE_CYCLE.DEACTIVATED, '6283'],
    [LIFE_CYCLE.TERMINATED, '6285'],
  ])('a file in state %i is selected with a warning, and not read', (state, status) => {
    const bench = boot({ specification: benchSpecification() });
    const file = bench.card.image.files.find((candidate) => candidate.fid === 0x0101)!;
    bench.nvm.write(file.body, Uint8Array.of(state), 0, 1);
    expect(bench.send('00A4020C 02 0101')).toBe(status);
    expect(bench.send('00B0000001')).toBe('6985');
  });
});
