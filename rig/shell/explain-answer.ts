import { logicalChannel } from '../../src/apdu/class-byte.ts';
import { CommandApdu } from '../../src/apdu/command.ts';
import { instructionName } from '../../src/apdu/instruction.ts';
import { carriesData } from '../../src/apdu/response.ts';
import { SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import { isCardTerminated } from '../../src/applet/files/life-cycle.ts';
import { refusalSentence } from '../card/explain/refusal-sentence.ts';
import { sentenceFor } from '../card/explain-command.ts';
import type { OwnCard } from '../endpoint/open-reader.ts';
import { TapExplainer } from '../tap/explaining.ts';
import type { ReaderInterface } from '../tap/interfaces-of-atr.ts';
import type { CardAnswer } from '../tap/terminal.ts';

/**
 * Says why a card refused a command. A card of ours in process tells at once. Of any other the status word is all there
 * is, and for a read that its rule forbids (6982) the card can be asked for that rule, which selects files anew.
 */
export class AnswerExplainer {
  readonly #own: OwnCard | null;
  /** What a card of ours decides, as it comes. */
  readonly #decisions: ExplainedAccess[];
  #asker = new TapExplainer([], null);

  constructor(own: OwnCard | null, decisions: ExplainedAccess[]) {
    this.#own = own;
    this.#decisions = decisions;
  }

  /** To be told of every exchange in its order. @returns null when there is nothing to say */
  why(command: Uint8Array, response: Uint8Array): string | null {
    const sw = ((response.at(-2) as number) << 8) | (response.at(-1) as number);
    if (this.#own === null) {
      this.#asker.command(command, 0);
      this.#asker.response(response, 0);
      return hint(sw);
    }
    const decisions = this.#decisions.splice(0);
    if (carriesData(sw) || sw >> 8 === 0x61) return null;
    const view = new CommandApdu();
    view.parse(command, 0, command.length);
    const { opened, port } = this.#own;
    const scene = {
      command: view,
      channel: port.channel(logicalChannel(view.cla)),
      nvm: opened.nvm,
      cardTerminated: isCardTerminated(opened.nvm, opened.card.image.card),
    };
    const sentence = sentenceFor(sw, instructionName(view.ins), decisions, () => refusalSentence(sw, scene));
    return sentence === statusWordMeaning(sw) ? hint(sw) : sentence;
  }

  /** Whether a refusal is left that only the card can explain. */
  get mustAsk(): boolean {
    return this.#asker.mustAsk;
  }

  /** Asks for the rules of what was refused since the last time. */
  async ask(
    send: (command: Uint8Array) => Promise<CardAnswer>,
    cardInterfaces: readonly ReaderInterface[],
  ): Promise<string[]> {
    return this.#asker.sentences(send, cardInterfaces);
  }

  /** A reset: nothing is selected any more. */
  forget(): void {
    this.#asker = new TapExplainer([], null);
  }
}

/** What to do about a status word, whatever card it comes from. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [SW.WRONG_LENGTH, 'Lc, Le or the length of the data is not what the command takes'],
  [SW.CHANNEL_NOT_SUPPORTED, 'the logical channel in the class byte is not open, or the card has none'],
  [SW.SECURITY_STATUS_NOT_SATISFIED, 'its access rule wants something proven first, a code mostly'],
  [SW.METHOD_BLOCKED, 'no try is left for this code'],
  [SW.CONDITIONS_NOT_SATISFIED, 'the command is known, and not possible in the state that the card is in'],
  [SW.NO_CURRENT_EF, 'no EF is selected: SELECT one, or name it by its short identifier'],
  [SW.INCOMPATIBLE_FILE_STRUCTURE, 'the file has another structure: READ BINARY is for bytes, READ RECORD for records'],
  [SW.FILE_NOT_FOUND, 'nothing of that name is to be seen from what is selected'],
  [SW.INSTRUCTION_NOT_SUPPORTED, 'the card has no command with this instruction, in this class'],
  [SW.CLASS_NOT_SUPPORTED, 'the card has no command of this class; another application may'],
]);

function hint(sw: number): string | null {
  if (sw >> 8 === 0x61) return `GET RESPONSE fetches them: 00C00000${hex(sw & 0xff)}`;
  if (sw >> 8 === 0x6c) return `the same command with Le ${hex(sw & 0xff)} is answered`;
  return HINTS.get(sw) ?? null;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
