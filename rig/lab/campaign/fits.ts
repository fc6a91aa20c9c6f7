import type { Capability, Requirement } from '../api/capability.ts';

/** A reader or board, and the bench that has it. */
export interface BenchDevice {
  readonly bench: string;
  readonly capability: Capability;
}

/** @returns why this device cannot take it, in a few words; null: it can */
export function misfit(wanted: Requirement, { bench, capability: has }: BenchDevice): string | null {
  if (wanted.kind !== has.kind) return `it is no ${wanted.kind}`;
  if (wanted.bench !== undefined && wanted.bench !== bench) return `it is not of bench ${wanted.bench}`;
  if (wanted.backend !== undefined && wanted.backend !== has.backend) return `it is ${has.backend}`;
  if (wanted.driver !== undefined && wanted.driver !== has.driver) return `its driver is ${has.driver}`;
  if (wanted.model !== undefined && !has.model.toLowerCase().includes(wanted.model.toLowerCase())) {
    return `it is a ${has.model}`;
  }
  if (wanted.identity !== undefined && wanted.identity !== has.identity) return 'it is another board';
  if (wanted.interface !== undefined && !has.interfaces.includes(wanted.interface))
    return `it is not ${wanted.interface}`;
  if (wanted.protocol !== undefined && !has.protocols.includes(wanted.protocol)) {
    return `it does not speak ${wanted.protocol}`;
  }
  if (wanted.extended === true && !has.extended) return 'it has no extended length';
  if (wanted.ours === true && !has.ours) return 'no card of ours can be put there';
  if (wanted.card !== undefined && wanted.card !== has.card?.label) return `the card ${wanted.card} is not there`;
  if (wanted.atr !== undefined && wanted.atr !== has.card?.atr) return 'no card with that ATR is there';
  return null;
}

export function fits(wanted: Requirement, device: BenchDevice): boolean {
  return misfit(wanted, device) === null;
}

/** In a sentence: `a simulated contactless reader with T=1 for a card of ours`. */
export function requirementInWords(wanted: Requirement): string {
  const some = (...words: readonly (string | undefined)[]): string[] => words.filter((each) => each !== undefined);
  const abilities = some(wanted.protocol, wanted.extended === true ? 'extended length' : undefined);
  return [
    'a',
    ...some(wanted.backend, wanted.interface, wanted.driver),
    wanted.kind,
    ...(abilities.length === 0 ? [] : [`with ${abilities.join(' and ')}`]),
    ...(wanted.model === undefined ? [] : [`of model ${wanted.model}`]),
    ...(wanted.identity === undefined ? [] : [`known as ${wanted.identity}`]),
    ...(wanted.ours === true ? ['for a card of ours'] : []),
    ...(wanted.card === undefined ? [] : [`with the card ${wanted.card}`]),
    ...(wanted.atr === undefined ? [] : [`with a card of ATR ${wanted.atr}`]),
    ...(wanted.bench === undefined ? [] : [`at bench ${wanted.bench}`]),
  ].join(' ');
}
