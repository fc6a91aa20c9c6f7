import { TemplateError } from './hex-template.ts';
import { type PlugWorld, runPlug } from './plugs.ts';
import type { Computation } from './rules.ts';
import type { Secrets } from './secrets.ts';

/** The values of a replay by name: captured from what went over the wire, or computed when they are needed. */
export class Scope {
  readonly #values = new Map<string, Uint8Array>();
  /** Recorded bytes in hex, and the live ones that stand for them. */
  readonly #follows = new Map<string, { readonly recorded: string; readonly live: string }>();
  readonly #secrets: Secrets;
  readonly #world: PlugWorld;
  #pending: ReadonlyMap<string, Computation> = new Map();
  readonly #inWork = new Set<string>();

  constructor(secrets: Secrets, world: PlugWorld) {
    this.#secrets = secrets;
    this.#world = world;
  }

  /** From here on these are computed anew when a name of theirs is looked up. */
  begin(computations: readonly Computation[]): void {
    for (const { name } of computations) this.#values.delete(name);
    this.#pending = new Map(computations.map((each) => [each.name, each]));
  }

  /** Computes what was not asked for yet, for later exchanges. @throws {TemplateError} */
  finish(): void {
    for (const name of this.#pending.keys()) this.lookup(name);
    this.#pending = new Map();
  }

  set(name: string, value: Uint8Array): void {
    this.#values.set(name, value);
  }

  /** Everything of a session is forgotten. */
  clear(): void {
    this.#values.clear();
    this.#follows.clear();
    this.#pending = new Map();
  }

  /** @param recorded in hex; live bytes of another length cannot take its place */
  follow(name: string, recorded: string, live: string): void {
    if (recorded.length === live.length && recorded.length > 0 && !recorded.includes('X')) {
      this.#follows.set(name, { recorded, live });
    }
  }

  /** Live bytes in the places of recorded ones that are followed. */
  followed(hex: string): string {
    let result = hex;
    for (const { recorded, live } of this.#follows.values()) {
      for (let at = result.indexOf(recorded); at >= 0; at = result.indexOf(recorded, at + 1)) {
        if (at % 2 !== 0) continue;
        result = result.slice(0, at) + live + result.slice(at + recorded.length);
        at += live.length - 1;
      }
    }
    return result;
  }

  /** @throws {TemplateError} it was not captured, or it cannot be computed */
  readonly lookup = (name: string): Uint8Array => {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const computation = this.#pending.get(name);
    if (computation === undefined) throw new TemplateError(`nothing was captured or computed as ${name}`);
    if (this.#inWork.has(name)) throw new TemplateError(`${name} is computed from itself`);
    this.#inWork.add(name);
    try {
      const value = this.#compute(computation);
      this.#values.set(name, value);
      return value;
    } finally {
      this.#inWork.delete(name);
    }
  };

  #compute({ plug, texts, templates }: Computation): Uint8Array {
    const inputs = {
      bytes: (name: string): Uint8Array | undefined => {
        const written = templates.get(name);
        if (written !== undefined) return written.bytes(this.lookup);
        const text = texts.get(name);
        if (text === undefined) return undefined;
        const key = this.#secrets.keys.get(text);
        if (key === undefined) throw new TemplateError(`no key ${text}: ${this.#secrets.name} has none of that name`);
        return key;
      },
      number: (name: string): number | undefined => (texts.has(name) ? Number(texts.get(name)) : undefined),
      text: (name: string): string | undefined => texts.get(name),
    };
    return runPlug(plug, inputs, this.#world);
  }
}

/** Names of keys that computations take from the secrets file. */
export function keysNeeded(computations: readonly Computation[]): readonly string[] {
  return computations.flatMap(({ plug, texts }) =>
    [...texts].filter(([parameter]) => plug.parameters[parameter]?.kind === 'key').map(([, key]) => key),
  );
}
