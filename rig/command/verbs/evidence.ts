import type { DeclareVerb } from '../program.ts';
import { addJsonOption, imageKeyOption } from './shared-options.ts';

export const declareEvidence: DeclareVerb = (program, perform) => {
  const evidence = program.command('evidence').description('make and check signed bundles: what was judged, and how');
  const keygen = evidence
    .command('keygen')
    .description('make the key that signs bundles')
    .argument('[name]', 'makes NAME.key.json and NAME.pub.json', 'lab');
  addJsonOption(keygen).action((name: string, typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { generateKey } = await import('../../judge/evidence/keygen.ts');
      return generateKey(name, io);
    }),
  );
  const image = evidence
    .command('image')
    .description('print the name of a card image in the bundles and board records of this lab')
    .argument('<image>', 'an image file')
    .addOption(imageKeyOption());
  addJsonOption(image).action((file: string, typed: { imageKey?: string; json?: boolean }) =>
    perform(typed, async (io) => {
      const { nameImage } = await import('../../judge/evidence/image-name.ts');
      return nameImage(file, typed.imageKey ?? null, io);
    }),
  );
  const verify = evidence
    .command('verify')
    .description('say what was changed, added or removed since a bundle was signed')
    .argument('<folder>', 'the bundle')
    .option('--key <file>', "the signer's public key (default: the one in the bundle)");
  addJsonOption(verify).action((folder: string, typed: { key?: string; json?: boolean }) =>
    perform(typed, async (io) => {
      const { checkBundle } = await import('../../judge/evidence/check.ts');
      return checkBundle(folder, typed.key ?? null, io);
    }),
  );
};
