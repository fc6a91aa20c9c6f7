import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { fakeIo } from '../../console/fake-io.ts';
import type { RealDocuments } from './real-documents.ts';

/** A tap that was recorded, and what is made of its trace. */
export async function traceDocuments(documents: RealDocuments): Promise<void> {
  const { at, printed, vitap } = documents;
  const trace = at('tap.jsonl');
  await printed('tap', 'tap', '--profile', 'vitale2', '--record', trace);
  await printed('tap', 'tap', '--profile', 'apcv', '--plan', 'minimal', '--explain');
  await printed('tap', 'tap', '--profile', 'ndef');
  await printed('convert', 'convert', trace, at('tap.pcapng'));
  await printed('trace-formats', 'convert', '--list');
  await printed('trace-show', 'trace', 'show', trace);
  await printed('trace-show', 'trace', 'show', at('tap.pcapng'), '--frames');
  await vitap('tap', '--profile', 'ndef', '--record', at('ndef.jsonl'), '--json');
  await printed('trace-diff', 'trace', 'diff', trace, at('ndef.jsonl'));
  await printed('trace-diff', 'trace', 'diff', trace, trace);
  await printed('trace-stat', 'trace', 'stat', trace);
  await printed('synth', 'synth', trace, '-o', at('rules.yaml'));
  await printed('replay', 'replay', trace, '--profile', 'vitale2');
  await printed('replay', 'replay', trace, '--profile', 'ndef', '--keep-going', '--max-deviation', '1ms');
  const suite = new URL('../../../../suites/vitale2', import.meta.url).pathname;
  await printed('replay-suite', 'replay', suite, '--profile', 'vitale2');
  await printed('replay-suite', 'replay', suite, '--profile', 'ndef', '--only', '*by-*');
  await printed('replay-suite-list', 'replay', suite, '--list');
  await interruptedReplay(documents, trace);
}

/** Stopped when the first exchange has been told. */
async function interruptedReplay(documents: RealDocuments, trace: string): Promise<void> {
  const { keep } = documents;
  const stop = new AbortController();
  const io = fakeIo({ json: true, signal: stop.signal });
  const stdout = io.stdout.bind(io);
  const world = {
    ...io,
    stdout: (text: string) => {
      stdout(text);
      stop.abort();
    },
  };
  await runCommandLine(['replay', trace, '--profile', 'vitale2', '--json'], '0.0.0', VERBS, world);
  keep('replay-interrupted', JSON.parse(io.out.join('')));
}
