import { contentsOf, imageNames } from '../../card/image-name.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';

/** `vitap evidence image`: the name that reports and bundles of this lab give an image, to find out which one it was. */
export async function nameImage(image: string, keyFile: string | null, io: CommandIo): Promise<ExitCode> {
  const name = imageNames(keyFile, io.env).of(contentsOf(image));
  if (io.json) writeJson(io, { id: image, ...name });
  else io.stdout(`${name.hmac}  ${shown(image)}\n  HMAC-SHA-256 under the key ${name.key}\n`);
  return EXIT.pass;
}
