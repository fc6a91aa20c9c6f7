import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FileNvm } from '../../src/hal/nvm/file.ts';
import { type BenchCard, boot } from './bench-card.ts';

const folder = new URL('../vectors/images/', import.meta.url);
const images = readdirSync(folder).filter((name) => name.endsWith('.bin'));

/** Images of every version of the format that was released, or will be: they must load and answer for ever. */
describe.each(images)('%s', (name) => {
  const card = (): BenchCard => boot({ nvm: FileNvm.load(fileURLToPath(new URL(name, folder))) });
  const lab = (): BenchCard => {
    const bench = card();
    expect(bench.send('00A4040C0A F056495441504C414201')).toBe('9000');
    return bench;
  };

  it('says what it is', () => {
    const { image } = card().card;
    expect(image.version).toBe(Number(/-v(\d+)\.bin$/.exec(name)?.[1]));
    expect(image.profile).toBe('lab');
  });

  it('reads files of every structure', () => {
    const { send } = lab();
    expect(send('00B0810004')).toBe('000102039000');
    expect(send('00B2011400')).toBe('A10100000000000000000000000000F19000');
    expect(send('00B2011C00')).toBe('B101119000');
    expect(send('00B2012400')).toBe('C5000000000000059000');
    expect(send('00A4020C026F05')).toBe('9000');
    expect(send('00CA00C100')).toMatch(/010203.*9000$/);
  });

  it('keeps rules of every form, codes and states', () => {
    const { send } = lab();
    const guarded = ['00B0870000', '00B0880000', '00B0890000', '00B08A0000', '00B08B0000', '00B08C0000', '00B08D0000'];
    const statuses = (): string[] => guarded.map((command) => send(command).slice(-4));
    expect(statuses()).toEqual(['6982', '6982', '9000', '6982', '6982', '6982', '6982']);
    expect(send('0020008104 30303030')).toBe('63C2');
    expect(send('0020008104 31323334')).toBe('9000');
    expect(statuses()).toEqual(['6982', '9000', '6982', '9000', '6982', '6982', '6982']);
    expect(send('0020000104 39393939')).toBe('9000');
    expect(statuses()).toEqual(['9000', '9000', '6982', '9000', '6982', '6982', '6982']);
    expect(send('00A4020C026F31')).toBe('6283');
    expect(send('00A4020C026F32')).toBe('6285');
  });

  it('can be written, has room for files, and boots again', () => {
    const bench = lab();
    expect(bench.send('00D6910002 CAFE')).toBe('9000');
    expect(bench.send('00A4000C023F00')).toBe('9000');
    expect(bench.send('00A4010C027F20')).toBe('9000');
    expect(bench.send('00E0000016 6214 80020020 82020141 83026F77 8801B8 8C03 03 00 00')).toBe('9000');
    const { send } = boot({ nvm: bench.nvm });
    send('00A4040C0A F056495441504C414201');
    expect(send('00B0910002')).toBe('CAFE9000');
    expect(send('00A4080C04 7F20 6F77')).toBe('9000');
    expect(send('00B0000004')).toBe('000000009000');
  });
});

it('there are some', () => expect(images).toContain('lab-v1.bin'));
