// Lists whose rows can be dragged: [data-order] names the form that posts their order.
// Without this file, or without a mouse, the Up and Down buttons do the same.
/* global Sortable */
function makeSortable(root) {
  for (const list of root.querySelectorAll("[data-order]")) {
    Sortable.create(list, {
      handle: ".handle",
      onUpdate: () => document.getElementById(list.dataset.order).requestSubmit(),
      // htmx copies attributes, and the policy against inline style forbids to copy this one.
      onEnd: () => {
        for (const row of list.children) row.removeAttribute("style");
      },
    });
  }
}

makeSortable(document);
addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id === "folders") makeSortable(document);
});
