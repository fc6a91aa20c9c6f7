import { existsSync } from 'node:fs';
import { channelOfClass } from '../../src/apdu/class-byte.ts';
import { CommandApdu } from '../../src/apdu/command.ts';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { commandName } from '../../src/apdu/instruction.ts';
import { carriesData } from '../../src/apdu/response.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { isCardTerminated } from '../../src/applet/files/life-cycle.ts';
import { INTERFACES } from '../../src/applet/image/layout.ts';
import type { CardInterface } from '../../src/hal/card-link.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { accessSentence } from './explain/condition-sentence.ts';
import { refusalSentence } from './explain/refusal-sentence.ts';
import { bootCard, buildImage, cryptoFor, FIXED_SEED } from './open.ts';
import type { CardExplainOptions, ChannelOpener } from './options.ts';

/** What one interface of the card says to a command. */
export interface Explanation {
  readonly interface: CardInterface;
  /** Four hexadecimal digits. */
  readonly status: string;
  readonly sentence: string;
  /** Status words of the commands sent before. */
  readonly before: readonly string[];
}

/**
 * `vitap card explain`: what the card answers to a command and why, for each interface, on a copy of the card: nothing
 * is changed. @throws {CannotRun} no such card, or an image that is damaged
 */
export async function explainCommand(options: CardExplainOptions, io: CommandIo): Promise<ExitCode> {
  const image = await loadImage(options.card);
  const cardInterfaces = options.interface === null ? INTERFACES : [options.interface];
  const explanations = await Promise.all(cardInterfaces.map((each) => explainOn(each, image, options, io.signal)));
  if (io.json) {
    writeJson(io, { explanations });
    return EXIT.pass;
  }
  for (const { interface: cardInterface, status, sentence, before } of explanations) {
    const width = Math.max(...cardInterfaces.map((each) => each.length));
    if (before.length > 0) io.stdout(`${cardInterface.padEnd(width)}  after ${before.join(', ')}\n`);
    io.stdout(`${cardInterface.padEnd(width)}  ${status}  ${sentence}.\n`);
  }
  return EXIT.pass;
}

async function loadImage(fileOrName: string): Promise<Uint8Array> {
  if (!existsSync(fileOrName) || /\.ya?ml$/.test(fileOrName)) return buildImage(fileOrName, FIXED_SEED);
  const { FileNvm } = await import('../../src/hal/nvm/file.ts');
  const nvm = await FileNvm.load(fileOrName);
  const image = new Uint8Array(nvm.size);
  nvm.read(0, image, 0, image.length);
  return image;
}

async function explainOn(
  cardInterface: CardInterface,
  image: Uint8Array,
  options: CardExplainOptions,
  signal: AbortSignal,
): Promise<Explanation> {
  let decisions: ExplainedAccess[] = [];
  const nvm = new MemoryNvm(copyBytes(image));
  const told = { onAccess: (explained: ExplainedAccess) => decisions.push(explained) };
  const card = bootCard(nvm, options.card, FIXED_SEED, told, await cryptoFor(nvm));
  const port = card.port(cardInterface);
  port.powerOn();
  const clear = sessionOver(port);
  const { session, failure } = await enterChannel(clear, port, options.channel, signal);
  const send = async (bytes: Uint8Array): Promise<number> => {
    const { response } = await session.transmit(bytes);
    return ((response.at(-2) as number) << 8) | (response.at(-1) as number);
  };
  const before: string[] = [];
  for (const bytes of options.after) before.push(formatStatusWord(await send(bytes)));
  decisions = [];
  const status = await send(options.command);
  const command = new CommandApdu();
  const whole = command.parse(options.command, 0, options.command.length);
  const scene = {
    command,
    channel: port.channel(channelOfClass(command.cla) ?? 0),
    nvm,
    cardTerminated: isCardTerminated(nvm, card.image.card),
  };
  const sentence = whole
    ? sentenceFor(status, commandName(command.cla, command.ins), decisions, () => refusalSentence(status, scene))
    : 'a command has at least four bytes: CLA INS P1 P2';
  const all = failure === null ? sentence : `${sentence}; no channel was opened: ${failure}`;
  return { interface: cardInterface, status: formatStatusWord(status), sentence: all, before };
}

/** The session in the channel; the one in clear, and why, where the card opens none. */
async function enterChannel(
  clear: CardSession,
  port: CardPort,
  channel: ChannelOpener | null,
  signal: AbortSignal,
): Promise<{ readonly session: CardSession; readonly failure: string | null }> {
  if (channel === null) return { session: clear, failure: null };
  try {
    const opened = await channel.open(clear, signal);
    return { session: opened?.session ?? clear, failure: null };
  } catch (error) {
    if (!(error instanceof Error) || !('kind' in error) || !('exitCode' in error)) throw error;
    const { certificateRefusal } = port;
    const said = certificateRefusal === null ? '' : `; the card refused the certificate because ${certificateRefusal}`;
    return { session: clear, failure: `${error.message}${said}` };
  }
}

/** The card itself as a session: on a copy that nobody else uses. */
function sessionOver(port: CardPort): CardSession {
  const none = (): Promise<never> => Promise.reject(new Error('a card that is explained is in no reader'));
  return {
    reader: 'in process',
    atr: port.atr(),
    protocol: 'direct',
    transmit: async (command) => {
      const length = port.process(command, 0, command.length);
      return { response: copyBytes(port.response, 0, length), startNs: 0, endNs: 0 };
    },
    reset: none,
    control: none,
    disconnect: async () => {},
  };
}

/** Why a status word: by the decisions about access where they made it, otherwise as `otherwise` says. */
export function sentenceFor(
  status: number,
  command: string,
  decisions: readonly ExplainedAccess[],
  otherwise: () => string,
): string {
  const last = decisions.at(-1);
  if (status === SW.SECURITY_STATUS_NOT_SATISFIED && last !== undefined) {
    const refused = decisions.filter((decision) => !decision.permitted);
    const sentences = (refused.length > 0 ? refused : [last]).map((decision) => accessSentence(command, decision));
    return [...new Set(sentences)].join('; or ');
  }
  if (carriesData(status) || status >> 8 === 0x61) {
    const meaning = status === SW.OK ? '' : `${statusWordMeaning(status)}; `;
    return last === undefined ? `${meaning}${command} was carried out` : `${meaning}${accessSentence(command, last)}`;
  }
  return otherwise();
}
