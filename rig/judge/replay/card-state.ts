import { CommandApdu } from '../../../src/apdu/command.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import { tlvTree } from '../../trace/tlv-tree.ts';
import { START } from './rules.ts';

/** Low bits of a file descriptor byte: a DF. */
const DF_DESCRIPTOR = 0x38;

/**
 * What a card's answers may depend on, told from outside: what is selected and what has been proven since the reset.
 * It is a name, not the truth: two states of the same name may still differ by what was written.
 */
export class CardState {
  #directory = '';
  #file = '';
  readonly #proven = new Set<string>();
  readonly #view = new CommandApdu();

  /** `start`, `F061…01/E001+81`. */
  get name(): string {
    const place = [this.#directory, this.#file].filter((part) => part !== '').join('/');
    const proven = [...this.#proven].sort().map((each) => `+${each}`);
    return `${place === '' ? START : place}${proven.join('')}`;
  }

  reset(): void {
    this.#directory = '';
    this.#file = '';
    this.#proven.clear();
  }

  /** @param answer status word included */
  next(command: Uint8Array, answer: Uint8Array): void {
    const sw1 = answer.at(-2);
    if (sw1 !== 0x90 && sw1 !== 0x61 && sw1 !== 0x62) return;
    const view = this.#view;
    if (!view.parse(command, 0, command.length)) return;
    const data = command.subarray(view.dataOffset, view.dataOffset + view.nc);
    if (view.ins === INS.SELECT) this.#select(view.p1, toHex(data), answer);
    else if (view.ins === INS.EXTERNAL_AUTHENTICATE) this.#proven.add('auth');
    else if ((view.ins === INS.VERIFY || view.ins === INS.CHANGE_REFERENCE_DATA) && view.nc > 0) {
      this.#proven.add(toHex(Uint8Array.of(view.p2)));
    }
  }

  #select(p1: number, data: string, answer: Uint8Array): void {
    switch (p1) {
      case 0x04:
        this.#enter(data);
        return;
      case 0x00:
        if (data === '' || data === '3F00') this.#enter('3F00');
        else if (isDirectory(answer)) this.#enter(data);
        else this.#file = data;
        return;
      case 0x01:
        this.#enter(data);
        return;
      case 0x02:
        this.#file = data;
        return;
      case 0x03:
        this.#enter(`${this.#directory}<`);
        return;
      case 0x08:
        this.#enter(`3F00${data}`);
        return;
      case 0x09:
        this.#file = data;
        return;
    }
  }

  #enter(directory: string): void {
    this.#directory = directory;
    this.#file = '';
  }
}

/** Whether the control parameters in an answer to SELECT say DF. */
function isDirectory(answer: Uint8Array): boolean {
  const template = tlvTree(answer.subarray(0, -2)).nodes[0];
  const descriptor = template?.children.find(({ tag }) => tag === '82');
  return descriptor !== undefined && ((answer[descriptor.valueOffset] ?? 0) & 0x3f) === DF_DESCRIPTOR;
}
