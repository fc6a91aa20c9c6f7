/** Stands in for `linkedom` where there is a DOM: figures are drawn into a document of their own. */
export function parseHTML(): { readonly document: Document } {
  return { document: document.implementation.createHTMLDocument() };
}
