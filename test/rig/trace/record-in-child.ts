import { TraceWriter } from '../../../rig/trace/writer.ts';

/*
 * Records exchanges to the file named by the first argument, as many as the second says, then prints a line.
 * It closes the trace at the end of its input or on SIGINT, and prints what came of it as JSON.
 */
const [path, count] = [process.argv[2] as string, Number(process.argv[3])];
const trace = await TraceWriter.create(path, { source: 'test', backend: 'simulated' }, { originNs: 0 });
const response = new Uint8Array(258).fill(0xa5);
for (let i = 0; i < count; i++) {
  trace.command(Uint8Array.of(0x00, 0xb0, 0x00, 0x00, 0x00), 2 * i);
  trace.response(response, 2 * i + 1);
}
const finish = async (): Promise<void> => {
  const { kind, message } =
    ((await trace.close().catch((error: unknown) => error)) as { kind?: string; message?: string }) ?? {};
  process.stdout.write(`${JSON.stringify({ kind, message, temporaryPath: trace.temporaryPath })}\n`);
  process.exit(0);
};
process.once('SIGINT', finish);
process.stdin.once('end', finish);
process.stdin.resume();
process.stdout.write('recorded\n');
