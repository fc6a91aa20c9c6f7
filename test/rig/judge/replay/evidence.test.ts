import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageNames, imageNames } from '../../../../rig/card/image-name.ts';
import { buildImage } from '../../../../rig/card/open.ts';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { PACKAGE_ROOT } from '../../../../rig/console/package-root.ts';
import { evidenceTraces } from '../../../../rig/judge/replay/evidence.ts';
import type { ReplayReport } from '../../../../rig/judge/replay/report/model.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { CODE, SHIPPED } from '../suite/suite-run.ts';

let folder: string;
let key: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-replay-evidence-'));
  await vitap('evidence', 'keygen', join(folder, 'lab'));
  key = join(folder, 'lab.key.json');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo({ env: { XDG_STATE_HOME: join(folder, 'state') } });
  const exit = await runCommandLine(args, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const TRACE = join(SHIPPED, 'own-application.jsonl');
const SECRETS = join(SHIPPED, 'secrets.yaml');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const nameOf = (contents: Uint8Array) => imageNames(null, { XDG_STATE_HOME: join(folder, 'state') }).of(contents);
const filesOf = (bundle: string): string[] =>
  (
    readdirSync(bundle, { recursive: true, withFileTypes: true }) as {
      name: string;
      parentPath: string;
      isFile(): boolean;
    }[]
  )
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name).slice(bundle.length + 1))
    .sort();
const replay = (trace: string, ...more: string[]) =>
  vitap('replay', trace, '--profile', 'vitale2', '--evidence-key', key, ...more);
const verify = (bundle: string) => vitap('evidence', 'verify', bundle, '--key', join(folder, 'lab.pub.json'));

describe('vitap replay --evidence', () => {
  it('hands over one replay: traces, rules, verdicts, environment and the report', async () => {
    const bundle = join(folder, 'single');
    const rules = join(folder, 'my rules.yaml');
    writeFileSync(rules, 'version: 1\nignoreTags: 9F36\n');
    // The shipped one has names of people, which are masked in the bundle; here nothing is left to mask.
    const trace = join(folder, 'own-application.jsonl');
    expect((await vitap('convert', TRACE, trace)).exit).toBe(0);
    const { exit, err } = await replay(
      trace,
      ...['--secrets', SECRETS, '--rules', rules, '--evidence', bundle, '--html', join(folder, 'single.html')],
    );
    expect(exit).toBe(0);
    expect(err).toContain(`evidence in ${bundle}, signed with the key `);
    expect(filesOf(bundle)).toEqual([
      'environment.json',
      'manifest.cose',
      'manifest.json',
      'report.html',
      'rules/my_rules.yaml',
      'signer.pub.json',
      'traces/own-application.jsonl',
      'traces/own-application.replayed.jsonl',
      'verdicts.json',
    ]);
    const environment = JSON.parse(readFileSync(join(bundle, 'environment.json'), 'utf8'));
    expect(environment).toMatchObject({
      backend: 'simulated',
      reader: 'loopback',
      atr: '3B8A80018031F873F741FF8290006A',
      image: { of: 'profile vitale2', ...nameOf(await buildImage('vitale2', 'vitap')) },
      traces: [{ file: trace, sha256: sha256(readFileSync(trace)), as: 'traces/own-application.jsonl', problem: null }],
      secretsKept: false,
    });
    const verdicts = JSON.parse(readFileSync(join(bundle, 'verdicts.json'), 'utf8'));
    expect(verdicts).toMatchObject({ id: 'replay', verdict: 'PASS', mode: 'to-card' });
    expect(verdicts.exchanges).toHaveLength(verdicts.counts.PASS);
    for (const file of filesOf(bundle)) {
      expect(readFileSync(join(bundle, file), 'latin1')).not.toContain(Buffer.from(CODE).toString('hex'));
    }
    const verified = await verify(bundle);
    expect(verified.exit).toBe(0);
    expect(verified.out).toContain('what it judged: PASS');
    expect(verified.out).toContain('image: profile vitale2, HMAC-SHA-256 ');
  });

  it('hands over a suite with every attempt, and the name of an image file as it was before', async () => {
    const suite = join(folder, 'suite');
    mkdirSync(suite);
    copyFileSync(join(SHIPPED, 'identity.jsonl'), join(suite, 'good.jsonl'));
    const answer = /("type":"response".*"apdu":")65/;
    const text = readFileSync(join(SHIPPED, 'identity.jsonl'), 'utf8');
    expect(text).toMatch(answer);
    writeFileSync(join(suite, 'bad.jsonl'), text.replace(answer, '$166'));
    writeFileSync(
      join(suite, 'suite.yaml'),
      'version: 1\ntraces:\n  - { id: bad, file: bad.jsonl, retries: 1 }\n  - { id: good, file: good.jsonl }\n',
    );
    const image = join(folder, 'card.img');
    FileNvm.create(image, await buildImage('vitale2', 'vitap')).close();
    const bundle = join(folder, 'of-suite');
    const { exit } = await vitap(
      ...['replay', suite, '--image', image, '--reader', 'loopback', '--evidence', bundle, '--evidence-key', key],
    );
    expect(exit).toBe(1);
    expect(filesOf(bundle)).toEqual([
      'environment.json',
      'manifest.cose',
      'manifest.json',
      'rules/suite.yaml',
      'signer.pub.json',
      'traces/bad.jsonl',
      'traces/bad.replayed-1.jsonl',
      'traces/bad.replayed-2.jsonl',
      'traces/good.jsonl',
      'traces/good.replayed.jsonl',
      'verdicts.json',
    ]);
    const environment = JSON.parse(readFileSync(join(bundle, 'environment.json'), 'utf8'));
    expect(environment.image).toEqual({ of: `image ${image}`, ...nameOf(await buildImage('vitale2', 'vitap')) });
    const verified = await verify(bundle);
    expect(verified.exit).toBe(0);
    expect(verified.out).toContain('what it judged: FAIL');
  });

  it('masks what a trace with secrets holds, and keeps it when asked', async () => {
    const trace = join(folder, 'open.log');
    const code = Buffer.from(CODE).toString('hex');
    const apdus = [`> 00A404000AF0617043562D454D550100`, '< 9000', `> 0020008106${code}`, '< 9000'];
    // A trace of our own, with nothing masked.
    const header = JSON.parse(readFileSync(TRACE, 'utf8').split('\n')[0] as string);
    const events = apdus.map((line, t) => ({
      type: line[0] === '>' ? 'command' : 'response',
      t,
      apdu: line.slice(2).toUpperCase(),
    }));
    writeFileSync(
      trace,
      [{ ...header, redactions: [], secretsKept: true }, ...events].map((each) => `${JSON.stringify(each)}\n`).join(''),
    );
    const [masked, kept] = [join(folder, 'masked'), join(folder, 'kept')];
    expect((await replay(trace, '--keep-going', '--evidence', masked)).exit).toBe(1);
    for (const file of filesOf(masked))
      expect(readFileSync(join(masked, file), 'latin1')).not.toMatch(new RegExp(code, 'i'));
    // Nor its hash, against which all codes could be tried.
    const originals = JSON.parse(readFileSync(join(masked, 'environment.json'), 'utf8')).traces;
    expect(originals).toEqual([{ file: trace, sha256: null, as: 'traces/open.jsonl', problem: null }]);
    const hash = sha256(readFileSync(trace));
    for (const file of filesOf(masked)) expect(readFileSync(join(masked, file), 'latin1')).not.toContain(hash);
    expect((await replay(trace, '--keep-going', '--keep-secrets', '--evidence', kept)).exit).toBe(1);
    expect(JSON.parse(readFileSync(join(kept, 'environment.json'), 'utf8')).traces[0].sha256).toBe(hash);
    expect(readFileSync(join(kept, 'traces', 'open.log'))).toEqual(readFileSync(trace));
    expect(JSON.parse(readFileSync(join(kept, 'environment.json'), 'utf8')).secretsKept).toBe(true);
  });

  it('masks what rules hold, and keeps it when asked', async () => {
    const rules = join(folder, 'codes.yaml');
    const code = Buffer.from(CODE).toString('hex');
    writeFileSync(rules, `version: 1\nrules:\n  - {command: 00 20 00 81 06 ${code}, status: any}\n`);
    const [masked, kept] = [join(folder, 'rules-masked'), join(folder, 'rules-kept')];
    const files = ['--html', join(folder, 'codes.html'), '--junit', join(folder, 'codes.xml')];
    const quiet = await replay(TRACE, '--secrets', SECRETS, '--rules', rules, '--evidence', masked, ...files, '--json');
    const written = filesOf(masked).map((file) => readFileSync(join(masked, file), 'latin1'));
    for (const text of [quiet.out, quiet.err, ...written, readFileSync(join(folder, 'codes.xml'), 'latin1')])
      expect(text).not.toMatch(new RegExp(code, 'i'));
    await replay(TRACE, '--secrets', SECRETS, '--rules', rules, '--evidence', kept, '--keep-secrets');
    expect(readFileSync(join(kept, 'rules', 'codes.yaml'))).toEqual(readFileSync(rules));
  });

  describe('the attack: the profile is known but for its code', () => {
    const profile = (code: string): string => {
      const file = join(folder, `guess-${code}.yaml`);
      writeFileSync(
        file,
        readFileSync(join(PACKAGE_ROOT, 'profiles', 'vitale2.yaml'), 'utf8').replaceAll('274916', code),
      );
      return file;
    };
    const GUESSES = ['000000', '111111', '593817', '999999'];

    /** Makes the image for each code and looks for its hash, plain or under what the attacker takes for the key. */
    async function attack(published: string): Promise<string | null> {
      for (const code of GUESSES) {
        const image = await buildImage(profile(code), 'vitap');
        const keys = [...published.matchAll(/"key": "([0-9a-f]{16})"/g)].map(([, key]) => Buffer.from(key!, 'hex'));
        const names = [sha256(image), ...keys.map((key) => new ImageNames(key).of(image).hmac)];
        if (names.some((name) => published.includes(name))) return code;
      }
      return null;
    }

    it('finds the code by a plain hash of the image, and nothing in a bundle', async () => {
      const bundle = join(folder, 'attacked');
      const own = profile('593817');
      const { out, err } = await vitap(
        ...['replay', join(SHIPPED, 'identity.jsonl'), '--profile', own, '--json', '--keep-going'],
        ...['--evidence', bundle, '--evidence-key', key],
      );
      const published = [out, err, ...filesOf(bundle).map((file) => readFileSync(join(bundle, file), 'latin1'))].join(
        '',
      );
      expect(published).toContain(nameOf(await buildImage(own, 'vitap')).hmac);
      expect(await attack(`${published}${sha256(await buildImage(own, 'vitap'))}`)).toBe('593817');
      expect(await attack(published)).toBeNull();
      expect(published).not.toContain(readFileSync(join(folder, 'state', 'vitap', 'image-name.key')).toString('hex'));
    }, 60_000);
  });

  it('tells the lab which image a bundle names', async () => {
    const image = join(folder, 'named.img');
    FileNvm.create(image, await buildImage('vitale2', 'vitap')).close();
    const { hmac, key: under } = nameOf(await buildImage('vitale2', 'vitap'));
    expect((await vitap('evidence', 'image', image)).out).toBe(
      `${hmac}  ${image}\n  HMAC-SHA-256 under the key ${under}\n`,
    );
    expect(JSON.parse((await vitap('evidence', 'image', image, '--json')).out)).toEqual({
      id: image,
      hmac,
      key: under,
    });
  });

  it('takes a card of rules alone for rules, not for a trace', () => {
    const attempts = [{ number: 1 }] as unknown as ReplayReport['traces'][number]['attempts'];
    const played = { id: 'card', trace: 'card.yaml', rules: 'card.yaml', attempts };
    const report = { traces: [played, { ...played, trace: 'a.log' }] } as unknown as ReplayReport;
    expect(evidenceTraces(report, () => 'r.jsonl').map(({ file }) => file)).toEqual(['r.jsonl', 'a.log', 'r.jsonl']);
  });

  it('is found out whatever byte of whatever file is changed', async () => {
    const bundle = join(folder, 'flipped');
    await replay(TRACE, '--secrets', SECRETS, '--evidence', bundle);
    const random = new SeededRandom('bytes of a bundle');
    const draw = new Uint8Array(4);
    const files = filesOf(bundle);
    expect(files).toHaveLength(7);
    for (const file of files) {
      const path = join(bundle, file);
      const whole = readFileSync(path);
      const places = new Set([0, whole.length - 1]);
      while (places.size < 8) {
        random.fill(draw, 0, 4);
        places.add(new DataView(draw.buffer).getUint32(0) % whole.length);
      }
      for (const place of places) {
        const changed = Buffer.from(whole);
        changed[place] = (changed[place] as number) ^ (1 << (place % 8));
        writeFileSync(path, changed);
        const { exit, out } = await verify(bundle);
        expect([file, place, exit]).toEqual([file, place, 1]);
        // A signature that does not fit names the two files of which one was changed.
        expect(out).toContain(file);
      }
      writeFileSync(path, whole);
    }
    expect((await verify(bundle)).exit).toBe(0);
    writeFileSync(join(bundle, 'traces', 'more.jsonl'), '');
    expect((await verify(bundle)).out).toContain('traces/more.jsonl: ');
  }, 60_000);

  it('looks at the folder and the key before it touches a card', async () => {
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'x'), '');
    const record = join(folder, 'never.jsonl');
    const run = (...more: string[]) =>
      vitap('replay', TRACE, '--profile', 'vitale2', '--secrets', SECRETS, '--record', record, ...more);
    const free = join(folder, 'free');
    const table: readonly (readonly [readonly string[], string])[] = [
      [['--evidence', taken, '--evidence-key', key], 'is there and holds files'],
      [['--evidence', free, '--evidence-key', join(folder, 'lab.pub.json')], 'is the public half of a key'],
      [['--evidence', free, '--evidence-key', TRACE], 'not a key file'],
      [['--evidence', free, '--evidence-key', join(folder, 'none.json')], 'there is no such file'],
      [['--evidence', free], '--evidence FOLDER and --evidence-key FILE go together'],
      [['--evidence-key', key], '--evidence FOLDER and --evidence-key FILE go together'],
    ];
    for (const [args, sentence] of table) {
      const { exit, err, out } = await run(...args);
      expect(err).toContain(sentence);
      expect(exit).toBe(2);
      expect(out).toBe('');
    }
    expect(existsSync(record)).toBe(false);
    expect(existsSync(free)).toBe(false);
    const piped = await vitap('replay', '-', '--profile', 'vitale2', '--evidence', free, '--evidence-key', key);
    expect(piped.err).toContain('standard input cannot go into the bundle');
  });
});
