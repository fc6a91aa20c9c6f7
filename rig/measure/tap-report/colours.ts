import { type Html, html } from '../../report/html.ts';
import { LAYERS, type Layer } from '../tap/result.ts';

/** Okabe and Ito's colours, told apart by people who see fewer of them; readable on light and on dark ground. */
export const LAYER_COLOURS: Readonly<Record<Layer, string>> = {
  card: '#d55e00',
  air: '#0072b2',
  reader: '#cc79a7',
  serial: '#009e73',
  link: '#e69f00',
  host: '#8c8c8c',
};

/** Which colour is which layer. @param layers those that occur */
export function legend(layers: readonly Layer[]): Html {
  return html`<p>${LAYERS.filter((layer) => layers.includes(layer)).map(
    (layer) =>
      html`<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12" aria-hidden="true"><rect width="12" height="12" fill="${LAYER_COLOURS[layer]}"/></svg> ${layer}&ensp; `,
  )}</p>`;
}
