// Lists whose rows can be dragged: [data-order] names the form that posts their order.
// Without this file, or without a mouse, the Up and Down buttons do the same.
/* global Sortable */
function makeSortable(root) {
  for (const list of root.querySelectorAll("[data-order]")) {
    Sortable.create(list, {
      handle: ".handle",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      onUpdate: () => document.getElementById(list.dataset.order).requestSubmit(),
    });
  }
}

makeSortable(document);
addEventListener("htmx:afterSwap", ({ detail }) => makeSortable(detail.target.parentElement ?? document));
