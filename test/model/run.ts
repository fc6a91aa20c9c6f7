import { CardModel } from './card-model.ts';
import { KEYS } from './key-model.ts';
import { CODES, FILES, type FilePlan, ownerOf, pathTo } from './plan.ts';
import type { RealCard } from './real-card.ts';
import { CARD_INTERFACES, type CardInterface } from './rule.ts';
import type { Command, Step } from './step.ts';
import { Terminal } from './terminal.ts';

/** What was different, for people. */
export class Difference extends Error {}

/**
 * Runs steps on a card and on the model, then restarts the card and tries every file.
 * @param seen is given what happened: `verify 9000`, `bytes of 6002 on contact`
 * @throws {Difference} at the first answer that is not the model's, the first byte that should not have left, the first
 * counter that rose without a right code
 */
export function run(steps: readonly Step[], card: RealCard, seen: Set<string> = new Set()): void {
  const model = new CardModel();
  const readable: Record<CardInterface, ReadonlySet<FilePlan>> = {
    contact: new Set(),
    contactless: new Set(),
    wired: new Set(),
  };
  const terminals: Record<CardInterface, Terminal> = {
    contact: new Terminal(() => card.port('contact')),
    contactless: new Terminal(() => card.port('contactless')),
    wired: new Terminal(() => card.port('wired')),
  };
  let tries = card.tries();
  steps.forEach((written, place) => {
    const step = withMarks(written, model);
    const say = (what: string): never => {
      throw new Difference(`step ${place + 1}: ${what}\n${JSON.stringify(step)}`);
    };
    const mayRise = step.do === 'command' ? [...model.mayRaise(step), model.mayRaiseKey(step)] : [];
    const answered =
      step.do === 'command'
        ? terminals[step.cardInterface].send(step.command, step.channel, step.protection ?? 'none')
        : null;
    if (step.do === 'command' && answered !== null) {
      const { cardInterface, command } = step;
      const inside = step.protection === undefined || step.protection === 'none' ? '' : `${step.protection} `;
      seen.add(`${inside}${command.is} ${hex(answered.sw)}`);
      // What GET RESPONSE brings was permitted when it was read.
      if (command.is !== 'get-response' && command.is !== 'proprietary')
        readable[cardInterface] = readableNow(model, step);
      for (const owner of ownersIn(answered.data, command.is.startsWith('select'))) {
        if (!readable[cardInterface].has(owner))
          say(`bytes of ${hex(owner.fid)} left without its rule being satisfied`);
        seen.add(`bytes of ${hex(owner.fid)} on ${cardInterface}`);
      }
    } else if (step.do !== 'command') happen(card, step);
    const before = tries;
    tries = card.tries();
    tries.forEach((left, i) => {
      const code = [...CODES, ...KEYS][i] as (typeof CODES)[number] | (typeof KEYS)[number];
      if (left > (before[i] as number) && !mayRise.includes(code)) say(`the tries of ${code.id} rose to ${left}`);
    });

    const expected = model.apply(step);
    if (answered !== null && expected !== null) {
      const { sw, data } = answered;
      if (sw !== expected.sw) say(`answered ${hex(sw)}, not ${hex(expected.sw)}`);
      if (expected.data !== null && expected.data.join() !== data.join()) say(`gave ${data}, not ${expected.data}`);
    }
    if (tries.join() !== model.tries.join()) say(`tries ${tries}, not ${model.tries}`);
  });
  restartAndTryAll(card, model, CARD_INTERFACES[steps.length % CARD_INTERFACES.length] as CardInterface);
}

/** Marks in a row that make content of what could be a tag or a condition byte in a template. */
const RUN_IN_TEMPLATE = 3;

/** Files that bytes of an answer come from. A template of control information may hold single bytes like marks. */
function ownersIn(data: readonly number[], isTemplate: boolean): Set<FilePlan> {
  const owners = new Set<FilePlan>();
  let run = 0;
  data.forEach((byte, i) => {
    const owner = ownerOf(byte);
    run = owner !== null && i > 0 && ownerOf(data[i - 1] as number) === owner ? run + 1 : 1;
    if (owner !== null && (!isTemplate || run >= RUN_IN_TEMPLATE)) owners.add(owner);
  });
  return owners;
}

function happen(card: RealCard, step: Exclude<Step, { do: 'command' }>): void {
  if (step.do === 'wait') card.wait(step.seconds);
  else if (!('cardInterface' in step)) card[step.do]();
  else if (step.do === 'reset') card.port(step.cardInterface).reset();
  else if (step.do === 'deselect') card.port(step.cardInterface).deselect();
  else {
    if (step.do === 'field-off') card.port(step.cardInterface).fieldOff();
    card.port(step.cardInterface).powerOn();
  }
}

function readableNow(model: CardModel, step: Extract<Step, { do: 'command' }>): Set<FilePlan> {
  return new Set(FILES.filter((file) => model.mayRead(file, step)));
}

/** Steps are made before anybody knows which file they will mean: what they write is numbers of its marks until here. */
function withMarks(step: Step, model: CardModel): Step {
  if (step.do !== 'command' || !('sfi' in step.command)) return step;
  const { command } = step;
  const file = model.target(step.cardInterface, step.channel, command.sfi);
  const mark = (index: number): number => file?.marks[index % file.marks.length] ?? 0x01;
  switch (command.is) {
    case 'read-record':
      return command.mode < 4 && command.p1 > 0 ? { ...step, command: { ...command, p1: mark(command.p1) } } : step;
    case 'update-binary':
    case 'append-record':
    case 'update-record':
      return { ...step, command: { ...command, data: command.data.map(mark) } };
    default:
      return step;
  }
}

/** After a restart every file is tried on one interface: only what needs no proof may come. */
function restartAndTryAll(card: RealCard, model: CardModel, cardInterface: CardInterface): void {
  card.restart();
  model.apply({ do: 'restart' });
  const terminal = new Terminal(() => card.port(cardInterface));
  for (const file of FILES) {
    terminal.send({ is: 'select-path', from: 'mf', path: pathTo(file), answer: 3 }, 0, 'none');
    const read: Command =
      file.structure === 'transparent'
        ? { is: 'read-binary', sfi: null, offset: 0, ne: 256 }
        : { is: 'read-record', sfi: null, p1: 1, mode: 4, ne: 256 };
    const { data } = terminal.send(read, 0, 'none');
    if (data.length > 0 !== model.mayRead(file, { cardInterface, channel: 0 })) {
      throw new Difference(`after a restart ${hex(file.fid)} gives ${data.length} bytes on ${cardInterface}`);
    }
  }
}

export function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}
