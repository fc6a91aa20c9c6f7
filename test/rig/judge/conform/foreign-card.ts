import type { LinkedCard } from '../../../../src/hal/card-link.ts';

/**
 * A card as another maker would write it, small and after the standard alone: SELECT by identifier (P1 00) and by name,
 * no other way; READ and UPDATE BINARY, READ and UPDATE RECORD by number, VERIFY. It shares no line with the card of
 * this project.
 */

export type Fci = '6F' | '62' | 'bare' | 'none';

interface Ef {
  readonly fid: number;
  readonly sfi: number;
  readonly guarded: boolean;
  readonly bytes?: number[];
  readonly records?: number[][];
}

interface Df {
  readonly fid: number;
  readonly name?: number[];
  readonly files: Ef[];
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => (from + i) & 0xff);
const CODE = [0x31, 0x32, 0x33, 0x34];
const NAME = [0xf0, 0x4f, 0x54, 0x48, 0x45, 0x52];
const OK = [0x90, 0x00];

function tree(): { mf: Df; app: Df } {
  const dir = [0x61, 0x08, 0x4f, NAME.length, ...NAME];
  return {
    mf: { fid: 0x3f00, files: [{ fid: 0x2f00, sfi: 0x1e, guarded: false, bytes: dir }] },
    app: {
      fid: 0x7f10,
      name: NAME,
      files: [
        { fid: 0x6f01, sfi: 1, guarded: false, bytes: range(0x00, 300) },
        {
          fid: 0x6f02,
          sfi: 2,
          guarded: false,
          records: [range(0x11, 8), range(0x22, 8), range(0x33, 8), range(0x44, 8)],
        },
        { fid: 0x6f03, sfi: 3, guarded: true, bytes: range(0x80, 40) },
      ],
    },
  };
}

/** What its owner declares of it. */
export const FOREIGN_DECLARATION: string = `
card: a card of another maker
protocol: T=1
interface: contact
commands: [SELECT, READ BINARY, UPDATE BINARY, READ RECORD, UPDATE RECORD, VERIFY]
masterFile:
  files:
    - { fid: 2F00, sfi: 1E, structure: transparent, access: { read: free, update: free }, content: 61 08 4F 06 F0 4F 54 48 45 52 }
  directories:
    - fid: 7F10
      name: F0 4F 54 48 45 52
      codes: [ { reference: 81, code: "1234", shortest: 4, tries: 3 } ]
      files:
        - { fid: 6F01, sfi: "01", structure: transparent, access: { read: free, update: free }, content: ${hexOf(range(0, 300))} }
        - { fid: 6F02, sfi: "02", structure: linear-fixed, access: { read: free, update: free }, capacity: 4, records: [${[0x11, 0x22, 0x33, 0x44].map((first) => hexOf(range(first, 8))).join(', ')}] }
        - { fid: 6F03, sfi: "03", structure: transparent, access: { read: code 81, update: code 81 }, content: ${hexOf(range(0x80, 40))} }
`;

function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class ForeignCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(300);
  readonly #fci: Fci;
  readonly #tree: { mf: Df; app: Df } = tree();
  #tries = 3;
  #df: Df;
  #ef: Ef | null = null;
  #verified = false;

  constructor(fci: Fci) {
    this.#fci = fci;
    this.#df = this.#tree.mf;
  }

  atr(): Uint8Array {
    return Uint8Array.of(0x3b, 0x80, 0x01, 0x81);
  }

  powerOn(): void {
    this.#df = this.#tree.mf;
    this.#ef = null;
    this.#verified = false;
  }

  reset(): void {
    this.powerOn();
  }

  fieldOff(): void {
    this.powerOn();
  }

  deselect(): void {
    this.powerOn();
  }

  process(command: Uint8Array, offset: number, length: number): number {
    const answer = this.#answer([...command.subarray(offset, offset + length)]);
    this.response.set(answer);
    return answer.length;
  }

  #answer(bytes: number[]): number[] {
    if (bytes.length < 4) return [0x67, 0x00];
    const [cla, ins, p1, p2, ...body] = bytes as [number, number, number, number, ...number[]];
    if (cla !== 0x00) return [0x6e, 0x00];
    if (![0xa4, 0xb0, 0xd6, 0xb2, 0xdc, 0x20].includes(ins)) return [0x6d, 0x00];
    const short = body.length <= 1 || (body[0] as number) > 0;
    const lc = body.length > 1 ? (body[0] as number) : 0;
    if (!short || (body.length > 1 && body.length !== 1 + lc && body.length !== 2 + lc)) return [0x67, 0x00];
    const data = body.length > 1 ? body.slice(1, 1 + lc) : [];
    const last = body.length === 1 || body.length === 2 + lc ? body.at(-1) : undefined;
    const le = last === 0 ? 256 : last;
    if (ins === 0xa4) return this.#select(p1, p2, data, le);
    if (ins === 0x20) return this.#verify(p1, p2, data, le);
    return ins === 0xb0 || ins === 0xd6 ? this.#binary(ins, p1, p2, data, le) : this.#record(ins, p1, p2, data, le);
  }

  #select(p1: number, p2: number, data: number[], le: number | undefined): number[] {
    if ((p1 !== 0x00 && p1 !== 0x04) || p2 !== 0x00) return [0x6a, 0x86];
    const { mf, app } = this.#tree;
    if (p1 === 0x04) {
      if (data.length === 0 || data.length > 16) return [0x6a, 0x80];
      if (data.length > NAME.length || data.some((byte, i) => byte !== NAME[i])) return [0x6a, 0x82];
      return this.#selected(app, null, le);
    }
    if (data.length === 0) return this.#selected(mf, null, le);
    if (data.length !== 2) return [0x6a, 0x87];
    const fid = ((data[0] as number) << 8) | (data[1] as number);
    if (fid === mf.fid) return this.#selected(mf, null, le);
    if (fid === app.fid) return this.#selected(app, null, le);
    const ef = this.#df.files.find((each) => each.fid === fid);
    return ef === undefined ? [0x6a, 0x82] : this.#selected(this.#df, ef, le);
  }

  #selected(df: Df, ef: Ef | null, le: number | undefined): number[] {
    if (df !== this.#df) this.#verified = false;
    this.#df = df;
    this.#ef = ef;
    if (le === undefined || this.#fci === 'none') return OK;
    const fid = ef?.fid ?? df.fid;
    const objects = [0x83, 0x02, fid >> 8, fid & 0xff];
    if (ef === null && df.name !== undefined) objects.push(0x84, df.name.length, ...df.name);
    if (this.#fci === 'bare') return [...objects, ...OK];
    return [this.#fci === '6F' ? 0x6f : 0x62, objects.length, ...objects, ...OK];
  }

  #verify(p1: number, p2: number, data: number[], le: number | undefined): number[] {
    if (p1 !== 0) return [0x6a, 0x86];
    if (p2 !== 0x81 || this.#df !== this.#tree.app) return [0x6a, 0x88];
    if (le !== undefined) return [0x67, 0x00];
    if (data.length === 0) return this.#verified ? OK : this.#left();
    if (data.length !== 4) return [0x67, 0x00];
    if (this.#tries === 0) return [0x69, 0x83];
    this.#verified = data.every((byte, i) => byte === CODE[i]);
    this.#tries = this.#verified ? 3 : this.#tries - 1;
    return this.#verified ? OK : [0x63, 0xc0 | this.#tries];
  }

  #left(): number[] {
    return this.#tries === 0 ? [0x69, 0x83] : [0x63, 0xc0 | this.#tries];
  }

  /** The EF that is meant, or a refusal. */
  #meant(sfi: number, binary: boolean): Ef | number[] {
    const ef = sfi === 0 ? this.#ef : this.#df.files.find((each) => each.sfi === sfi);
    if (ef === undefined) return [0x6a, 0x82];
    if (ef === null) return [0x69, 0x86];
    if ((ef.bytes !== undefined) !== binary) return [0x69, 0x81];
    if (ef.guarded && !this.#verified) return [0x69, 0x82];
    return ef;
  }

  #binary(ins: number, p1: number, p2: number, data: number[], le: number | undefined): number[] {
    if (p1 >= 0x80 && ((p1 & 0x60) !== 0 || p1 === 0x9f)) return [0x6a, 0x86];
    if (ins === 0xb0 ? data.length > 0 || le === undefined : data.length === 0 || le !== undefined) return [0x67, 0x00];
    const ef = this.#meant(p1 >= 0x80 ? p1 & 0x1f : 0, true);
    if (Array.isArray(ef)) return ef;
    const at = p1 >= 0x80 ? p2 : (p1 << 8) | p2;
    const bytes = ef.bytes as number[];
    if (at >= bytes.length) return [0x6b, 0x00];
    if (ins === 0xd6) {
      if (at + data.length > bytes.length) return [0x6a, 0x84];
      bytes.splice(at, data.length, ...data);
      this.#ef = ef;
      return OK;
    }
    this.#ef = ef;
    const part = bytes.slice(at, at + (le as number));
    return [...part, ...(part.length < (le as number) && le !== 256 ? [0x62, 0x82] : OK)];
  }

  #record(ins: number, p1: number, p2: number, data: number[], le: number | undefined): number[] {
    if ((p2 & 0x07) !== 4 || p1 === 0 || p1 === 0xff || p2 >> 3 === 0x1f) return [0x6a, 0x86];
    if (ins === 0xb2 ? data.length > 0 || le === undefined : data.length === 0 || le !== undefined) return [0x67, 0x00];
    const ef = this.#meant(p2 >> 3, false);
    if (Array.isArray(ef)) return ef;
    const records = ef.records as number[][];
    const record = records[p1 - 1];
    if (record === undefined) return [0x6a, 0x83];
    if (ins === 0xdc) {
      if (data.length !== record.length) return [0x67, 0x00];
      records[p1 - 1] = data;
      this.#ef = ef;
      return OK;
    }
    if (le !== 256 && (le as number) < record.length) return [0x6c, record.length];
    this.#ef = ef;
    return [...record, ...(le !== 256 && (le as number) > record.length ? [0x62, 0x82] : OK)];
  }
}
