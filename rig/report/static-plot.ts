import { Html } from './html.ts';

/** Figures of Observable Plot as markup: drawn here, without a script or a style of their own in the page. */

export type PlotModule = typeof import('@observablehq/plot');
export type SvgDocument = ReturnType<typeof import('linkedom')['parseHTML']>['document'];

/** As much of a DOM as the figures use: there is none in Node but linkedom's. */
export interface SvgElement {
  readonly outerHTML: string;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

const FONT = 'system-ui, "Liberation Sans", "DejaVu Sans", sans-serif';

/** What `Plot.plot` needs, loaded when a figure is wanted. */
export async function plotting(): Promise<{ readonly Plot: PlotModule; readonly document: SvgDocument }> {
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  return { Plot, document: parseHTML('<!doctype html><html><body></body></html>').document };
}

/**
 * Without styles of its own: the page’s policy allows the page’s alone. Its classes are dropped with them.
 * @param label for who does not see it
 */
export function svgMarkup(svg: SvgElement, label: string): Html {
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of [svg, ...svg.querySelectorAll('*')]) {
    element.removeAttribute('style');
    element.removeAttribute('class');
  }
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  svg.setAttribute('font-family', FONT);
  svg.setAttribute('font-size', '12');
  return new Html(svg.outerHTML);
}
