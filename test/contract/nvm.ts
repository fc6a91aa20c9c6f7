import { afterEach, describe, expect, it } from 'vitest';
import type { Nvm } from '../../src/hal/nvm.ts';

export interface NvmSubject {
  readonly nvm: Nvm;
  /** The same memory after the process has gone without a word and come back; asked of durable ones only. */
  reopen?(): Nvm;
  dispose?(): void;
}

/**
 * What every Nvm promises.
 * @param setup a memory that holds `content`
 * @param lasts whether it outlives the process
 */
export function nvmContract(
  name: string,
  lasts: 'durable' | 'volatile',
  setup: (content: Uint8Array) => NvmSubject,
): void {
  describe(`Nvm contract: ${name}`, () => {
    let subject: NvmSubject | null = null;
    const start = (content: Uint8Array): NvmSubject => {
      subject = setup(content);
      return subject;
    };
    afterEach(() => {
      subject?.dispose?.();
      subject = null;
    });
    const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i & 0xff);

    it('has the size of its content and says its traits', () => {
      const { nvm } = start(counting(300));
      expect(nvm.size).toBe(300);
      expect([0x00, 0xff]).toContain(nvm.eraseValue);
      expect(nvm.writeGranule).toBeGreaterThanOrEqual(1);
    });

    it('reads what it holds, anywhere, into the place asked for and nowhere else', () => {
      const { nvm } = start(counting(300));
      const target = new Uint8Array(10).fill(0xaa);
      nvm.read(254, target, 3, 4);
      expect([...target]).toEqual([0xaa, 0xaa, 0xaa, 0xfe, 0xff, 0x00, 0x01, 0xaa, 0xaa, 0xaa]);
      expect([nvm.readByte(0), nvm.readByte(255), nvm.readByte(299)]).toEqual([0x00, 0xff, 0x2b]);
    });

    it('reads back what was written before any flush, and leaves the rest', () => {
      const { nvm } = start(counting(20));
      nvm.write(5, Uint8Array.of(0x99, 0xa0, 0xa1, 0x99), 1, 2);
      const all = new Uint8Array(20);
      nvm.read(0, all, 0, 20);
      expect([...all]).toEqual([0, 1, 2, 3, 4, 0xa0, 0xa1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    });

    it('copies: buffers stay the caller’s', () => {
      const content = counting(4);
      const { nvm } = start(content);
      content.fill(0x77);
      const source = Uint8Array.of(0x55);
      nvm.write(1, source, 0, 1);
      source[0] = 0x66;
      const target = new Uint8Array(4);
      nvm.read(0, target, 0, 4);
      target.fill(0x88);
      expect([0, 1, 2, 3].map((address) => nvm.readByte(address))).toEqual([0x00, 0x55, 0x02, 0x03]);
    });

    it('shows in its view, where it has one, what it reads, through every write', () => {
      const { nvm } = start(counting(20));
      const view = nvm.bytes;
      if (view === undefined) return;
      nvm.write(5, Uint8Array.of(0xa0, 0xa1), 0, 2);
      nvm.flush();
      nvm.write(19, Uint8Array.of(0xa2), 0, 1);
      expect(nvm.bytes).toBe(view);
      expect([...view]).toEqual([0, 1, 2, 3, 4, 0xa0, 0xa1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 0xa2]);
    });

    it('takes spans of no bytes, at the end too', () => {
      const { nvm } = start(counting(4));
      nvm.read(4, new Uint8Array(0), 0, 0);
      nvm.write(4, new Uint8Array(2), 2, 0);
      expect(nvm.readByte(3)).toBe(3);
    });

    it.each([
      ['address before the memory', -1, 0, 1],
      ['address at the end', 4, 0, 1],
      ['span across the end', 3, 0, 2],
      ['address that is no whole number', 0.5, 0, 1],
      ['address that is no number', Number.NaN, 0, 1],
      ['negative length', 0, 0, -1],
      ['buffer offset before the buffer', 0, -1, 1],
      ['buffer span across its end', 0, 7, 2],
    ])('refuses a %s, changing nothing', (_, address, offset, length) => {
      const { nvm } = start(counting(4));
      const buffer = new Uint8Array(8).fill(0xee);
      expect(() => nvm.read(address, buffer, offset, length)).toThrow(RangeError);
      expect(() => nvm.write(address, buffer, offset, length)).toThrow(RangeError);
      expect([...buffer]).toEqual(new Array(8).fill(0xee));
      expect([0, 1, 2, 3].map((at) => nvm.readByte(at))).toEqual([0, 1, 2, 3]);
    });

    it.each([-1, 4, 1.5])('refuses to read a byte at %s', (address) => {
      const { nvm } = start(counting(4));
      expect(() => nvm.readByte(address)).toThrow(RangeError);
    });

    if (lasts === 'durable') {
      it('keeps what was flushed when the process goes without a word', () => {
        const { nvm, reopen } = start(counting(64));
        nvm.write(10, Uint8Array.of(0xb0, 0xb1), 0, 2);
        nvm.flush();
        const again = reopen?.() as Nvm;
        expect([9, 10, 11, 12].map((address) => again.readByte(address))).toEqual([9, 0xb0, 0xb1, 12]);
        expect([again.size, again.eraseValue, again.writeGranule]).toEqual([
          nvm.size,
          nvm.eraseValue,
          nvm.writeGranule,
        ]);
      });
    }

    it('flushes any number of times', () => {
      const { nvm } = start(counting(4));
      nvm.flush();
      nvm.write(0, Uint8Array.of(9), 0, 1);
      nvm.flush();
      nvm.flush();
      expect(nvm.readByte(0)).toBe(9);
    });
  });
}
