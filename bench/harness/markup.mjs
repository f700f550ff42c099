/** Text for inside an element or an attribute of XML or HTML. */
export const markupText = (text) =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
