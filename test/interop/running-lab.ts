import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type PersonLink, personLink } from '../../rig/lab/api/person-link.ts';
import type { RunDetail } from '../../rig/lab/api/run.ts';
import { pinnedFetch } from '../../rig/web/pinned-fetch.ts';
import { hasEnded } from '../child-end.ts';
import { run } from './card.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

const LIMIT_MS = 180_000;

interface Served {
  readonly origin: string;
  /** Null without TLS. */
  readonly pin: string | null;
  readonly person: PersonLink;
}

/** A lab whose server, benches, boards and cards are processes of their own; what they write lies in one folder. */
export class RunningLab {
  readonly folder: string;
  readonly #running: RunningVerb[] = [];
  #served: Served | null = null;
  #server: RunningVerb | null = null;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `vitap-${name}-`));
  }

  readonly at = (name: string): string => join(this.folder, name);

  get origin(): string {
    return this.#lab.origin;
  }

  /** Of the server's key, with TLS. */
  get pin(): string {
    if (this.#lab.pin === null) throw new Error('this lab has no TLS');
    return this.#lab.pin;
  }

  /** Whom `operator.token` stands for. */
  get person(): PersonLink {
    return this.#lab.person;
  }

  get #lab(): Served {
    if (this.#served === null) throw new Error('the lab is not served yet');
    return this.#served;
  }

  /** Starts a verb, which ends with the lab. */
  start(...args: string[]): RunningVerb {
    const verb = new RunningVerb(...args);
    this.#running.push(verb);
    return verb;
  }

  vitap(...args: string[]): ReturnType<typeof run> {
    return run(process.execPath, [PROGRAM, ...args]);
  }

  /** Starts the server; afterwards `operator.token` and `bench.token` lie in the folder. */
  async serve(...options: string[]): Promise<void> {
    const server = this.start('lab', 'serve', this.at('lab'), '--port', '0', '--quiet', ...options);
    this.#server = server;
    await server.says('Ctrl-C ends this server', LIMIT_MS);
    const origin = /https?:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0];
    const pin = /pin of its key, for benches: (\S+)/.exec(server.out)?.[1] ?? null;
    const token = readFileSync(this.at('lab/operator.token'), 'utf8').trim();
    const person = personLink({ origin, token, ...(pin !== null && { fetch: pinnedFetch(pin) }) });
    this.writeToken('operator', token);
    this.writeToken('bench', await person.addToken('benches', 'bench'));
    this.#served = { origin, pin, person };
  }

  /** Nobody is told, and nothing is put in order. */
  killServer(): void {
    this.#server?.kill();
  }

  writeToken(name: string, token: string): void {
    writeFileSync(this.at(`${name}.token`), `${token}\n`, { mode: 0o600 });
  }

  /** The options by which a verb comes to this lab. */
  as(role: 'operator' | 'bench'): string[] {
    const { origin, pin } = this.#lab;
    return ['--server', origin, '--token-file', this.at(`${role}.token`), ...(pin === null ? [] : ['--pin', pin])];
  }

  /** The words after `vitap` that start a bench. @param file of the bench, without its version */
  benchOf(name: string, file: string): string[] {
    writeFileSync(this.at(`${name}.yaml`), `version: 1\n${file}`);
    const where = ['--bench-file', this.at(`${name}.yaml`), '--folder', this.at(`bench-${name}`)];
    return ['lab', 'bench', ...this.as('bench'), '--name', name, ...where];
  }

  startBench(name: string, file: string): RunningVerb {
    return this.start(...this.benchOf(name, file));
  }

  /** @param text the campaign without version and name */
  async submit(
    name: string,
    text: string,
    ...options: readonly string[]
  ): Promise<{ readonly id: number; readonly out: string }> {
    const file = this.at(`${name}.yaml`);
    writeFileSync(file, `version: 1\nname: ${name}\n${text}`);
    const { out, err, exit } = await this.vitap('lab', 'submit', file, ...options, ...this.as('operator'));
    expect(exit, err).toBe(0);
    return { id: Number(/Campaign (\d+)/.exec(out)![1]), out };
  }

  /** Waits until the campaign has ended. @returns its runs in their order */
  async ended(id: number): Promise<readonly RunDetail[]> {
    await vi.waitFor(async () => expect((await this.person.matrix(id)).campaign.endedAt).not.toBe(null), {
      timeout: LIMIT_MS,
      interval: 200,
    });
    const { runs } = await this.person.runs({ campaign: id });
    return Promise.all(runs.map((each) => this.person.run(each.id)));
  }

  async judged(name: string, text: string): Promise<readonly RunDetail[]> {
    return this.ended((await this.submit(name, text)).id);
  }

  /** Ends what runs, benches before their server: they give their leases back. */
  async stop(): Promise<void> {
    for (const verb of this.#running.reverse()) await verb.stop();
    expect(this.#running.every(({ child }) => hasEnded(child))).toBe(true);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
