import { CommandApdu } from '../../src/apdu/command.ts';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { commandName, INS } from '../../src/apdu/instruction.ts';
import { SW } from '../../src/apdu/status-word.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import { EF_ACCESS } from '../../src/applet/files/card-file.ts';
import { accessSentence } from '../card/explain/condition-sentence.ts';
import { fcpSentence, type RefusedCommand, shortIdentifierOf } from '../card/explain/fcp-sentence.ts';
import type { ReaderInterface } from './interfaces-of-atr.ts';
import type { ExchangeListener } from './terminal.ts';

/** A command that was refused for its rule, and how the card can be asked for that. */
interface Refusal {
  readonly command: RefusedCommand;
  /** SELECT of the application that was current, or null for none. */
  readonly application: Uint8Array | null;
  readonly sfi: number;
  /** Identifier of the current EF, or 0. */
  readonly fid: number;
}

/** Sends a command and gives data and status word. */
type Send = (command: Uint8Array) => Promise<{ readonly data: Uint8Array; readonly sw: number }>;

/**
 * Listens to a tap and says afterwards why commands were refused (6982): a card of ours tells of each decision as it
 * makes it; any other is asked for the control parameters of its files when the tap is over.
 */
export class TapExplainer implements ExchangeListener {
  readonly #next: ExchangeListener | null;
  readonly #sentences = new Set<string>();
  readonly #refusals: Refusal[] = [];
  readonly #view = new CommandApdu();
  #decisions: ExplainedAccess[];
  #application: Uint8Array | null = null;
  #fid = 0;
  #sent: Uint8Array = new Uint8Array(0);

  /** @param decisions what a card of ours tells, as it comes; empty for any other */
  constructor(decisions: ExplainedAccess[], next: ExchangeListener | null) {
    this.#decisions = decisions;
    this.#next = next;
  }

  command(apdu: Uint8Array, tNs: number): void {
    this.#sent = copyBytes(apdu);
    this.#next?.command(apdu, tNs);
  }

  response(apdu: Uint8Array, tNs: number): void {
    this.#next?.response(apdu, tNs);
    const view = this.#view;
    view.parse(this.#sent, 0, this.#sent.length);
    const status = ((apdu.at(-2) as number) << 8) | (apdu.at(-1) as number);
    if (view.ins === INS.SELECT && status >> 8 !== 0x6a) this.#selected(view);
    if (status === SW.SECURITY_STATUS_NOT_SATISFIED) this.#refused(view);
    this.#decisions.length = 0;
  }

  /** Whether the card would have to be asked for the rule of what it refused. */
  get mustAsk(): boolean {
    return this.#refusals.length > 0;
  }

  /**
   * One sentence for each rule that stood in the way since the last call; empty when none did.
   * @param cardInterfaces the interfaces that the card may be read through
   */
  async sentences(send: Send, cardInterfaces: readonly ReaderInterface[]): Promise<string[]> {
    for (const refusal of this.#refusals.splice(0))
      this.#sentences.add(await this.#askCard(refusal, send, cardInterfaces));
    const sentences = [...this.#sentences];
    this.#sentences.clear();
    return sentences;
  }

  #selected(view: CommandApdu): void {
    if (view.p1 === 0x04) {
      this.#application = copyBytes(this.#sent);
      this.#fid = 0;
    } else if (view.p1 === 0x02 && view.nc === 2) {
      this.#fid = ((view.bytes[view.dataOffset] as number) << 8) | (view.bytes[view.dataOffset + 1] as number);
    }
  }

  #refused(view: CommandApdu): void {
    const name = commandName(view.cla, view.ins);
    const refused = this.#decisions.filter((decision) => !decision.permitted);
    if (refused.length > 0) {
      this.#sentences.add(refused.map((decision) => accessSentence(name, decision)).join('; or '));
      return;
    }
    if (view.ins !== INS.READ_BINARY && view.ins !== INS.READ_RECORD) return;
    const bySfi = view.ins === INS.READ_BINARY ? (view.p1 & 0x80 ? view.p1 & 0x1f : 0) : view.p2 >> 3;
    const { cla, ins, p1, p2 } = view;
    const command = { name, operation: EF_ACCESS.READ, cla, ins, p1, p2 };
    this.#refusals.push({ command, application: this.#application, sfi: bySfi, fid: bySfi === 0 ? this.#fid : 0 });
  }

  /** A short identifier names no identifier: the one that our own application would give it is tried. */
  async #askCard(refusal: Refusal, send: Send, cardInterfaces: readonly ReaderInterface[]): Promise<string> {
    const { application, command, sfi } = refusal;
    const fid = refusal.fid === 0 ? 0xe000 | sfi : refusal.fid;
    if (application !== null) await send(application);
    const { data, sw } = await send(Uint8Array.of(0, INS.SELECT, 0x02, 0x04, 2, fid >> 8, fid & 0xff, 0));
    const found = (sw === SW.OK || sw >> 8 === 0x62) && (sfi === 0 || shortIdentifierOf(data) === sfi);
    if (found) return fcpSentence(command, fid, cardInterfaces, data);
    return `${command.name}: the card does not tell which file it was, so its rule is unknown`;
  }
}
