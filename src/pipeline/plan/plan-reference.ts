import { isImageReference } from '../format/images.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import type { FillValue } from './fill-values.ts';

/** An image with its variables replaced; a problem where that names none. */
export function planReference(image: Located<string>, fill: FillValue, report: Report): string {
  const { text } = fill(image);
  if (text !== image.value && !isImageReference(text))
    report.add('image_wrong', image, { image: shorten(text), cause: ` (from \`${shorten(image.value)}\`)` });
  return text;
}
