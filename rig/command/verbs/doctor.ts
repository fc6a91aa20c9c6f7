import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

export const declareDoctor: DeclareVerb = (program, perform) => {
  const doctor = program
    .command('doctor')
    .description('check this machine: what is installed, what is slow, what to do about it');
  addJsonOption(doctor).action((typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { runDoctor } = await import('../../doctor/doctor.ts');
      return runDoctor(io);
    }),
  );
};
