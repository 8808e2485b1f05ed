//! The HTML document, and the app in it: header, routes, footer.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
    components::{Route, Router, Routes},
};

use crate::{
    api::{Live, Site},
    base::use_base,
    components::{FilterBar, Footer, Header, Visited, provide_carried},
    live::LiveState,
    pages::{
        Build, Builds, Compare, Disclaimer, Explore, Figure, NotFound, Pipeline, PipelineList,
        Pipelines, Platform, Repository, Search, Security, SecurityItems, Sources, Today,
        WallPipelines, WallToday, Week,
    },
};

/// The address of the organisation's colours, which follow the style of the pages.
#[derive(Clone)]
pub struct ThemeStylesheet(pub Option<String>);

/// The HTML document, rendered by the server only.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let base = use_base();
    let root = base.as_str().to_owned();
    let icon = match use_context::<Site>() {
        Some(site) if site.attention => "/favicon-red.svg",
        _ => "/favicon.svg",
    };
    let theme = use_context::<ThemeStylesheet>().and_then(|theme| theme.0);
    let theme = theme.map(|href| view! { <link rel="stylesheet" id="theme" href=href /> });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#0b0c0c" />
                // Open pages compare it with the server's build: see `live.js`.
                <meta name="build" content=env!("BUILD_ID") />
                <meta name="base" content=root.clone() />
                <meta
                    name="description"
                    content="Failing pipelines and their causes, and the security of the code."
                />
                <link rel="icon" href=base.path(icon) type="image/svg+xml" />
                <HashedStylesheet options=options.clone() root=root.clone() id="style" />
                {theme}
                // With this id and class, plotly.js does not add inline styles.
                <link
                    rel="stylesheet"
                    id="plotly.js-style-global"
                    class="no-inline-styles"
                    href=base.path(env!("PLOTLY_CSS"))
                />
                // `src/plotly.js` imports the bundle from this address when a reader needs it.
                <meta name="plotly" content=base.path(env!("PLOTLY_JS")) />
                <AutoReload options=options.clone() />
                <HydrationScripts options root />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Escapes the text of `<title>`. The server provides it, since `leptos_meta` writes that text into the
/// document as it is; the browser sets a property, where nothing needs escaping.
#[derive(Clone, Copy)]
pub struct EscapeTitle(pub fn(&str) -> String);

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Visited::default());
    let base = SharedValue::new(use_base).into_inner();
    provide_context(base.clone());
    let site = SharedValue::new(|| {
        use_context::<Site>().unwrap_or_else(|| Site {
            title: "RSE dashboard".to_owned(),
            projects: Vec::new(),
            teams: Vec::new(),
            source_url: String::new(),
            live: Live::default(),
            reader: None,
            open: false,
            attention: false,
        })
    })
    .into_inner();
    provide_context(LiveState::since(site.live));
    let title = site.title.clone();
    let escape = use_context::<EscapeTitle>();
    let title_text =
        move |text: &str| escape.map_or_else(|| text.to_owned(), |escape| escape.0(text));

    view! {
        <Title formatter=move |page: String| title_text(&format!("{page} – {title}")) />
        <a class="skip-link" href="#main" rel="external">
            "Skip to the content"
        </a>
        <Router base=base.as_str().to_owned()>
            {provide_carried(site.projects, site.teams)}
            <Header title=site.title reader=site.reader />
            <FilterBar />
            <main id="main" tabindex="-1">
                <Routes fallback=NotFound>
                    <Route path=StaticSegment("") view=Today ssr=SsrMode::Async />
                    <Route path=StaticSegment("build") view=Build ssr=SsrMode::Async />
                    <Route path=StaticSegment("builds") view=Builds ssr=SsrMode::Async />
                    <Route path=StaticSegment("compare") view=Compare ssr=SsrMode::Async />
                    <Route path=StaticSegment("explore") view=Explore ssr=SsrMode::Async />
                    <Route path=StaticSegment("pipeline") view=Pipeline ssr=SsrMode::Async />
                    <Route path=StaticSegment("pipelines") view=Pipelines ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("pipelines"), StaticSegment("list"))
                        view=PipelineList
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("platform") view=Platform ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("repositories"), ParamSegment("name"))
                        view=Repository
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("security") view=Security ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("security"), StaticSegment("items"))
                        view=SecurityItems
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("sources") view=Sources ssr=SsrMode::Async />
                    <Route path=StaticSegment("wall") view=WallToday ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("wall"), StaticSegment("pipelines"))
                        view=WallPipelines
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("wall"), StaticSegment("today"))
                        view=WallToday
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("search") view=Search ssr=SsrMode::Async />
                    <Route path=StaticSegment("week") view=Week ssr=SsrMode::Async />
                    <Route path=StaticSegment("disclaimer") view=Disclaimer ssr=SsrMode::Async />
                    <Route
                        path=(StaticSegment("figures"), ParamSegment("id"))
                        view=Figure
                        ssr=SsrMode::Async
                    />
                </Routes>
            </main>
            <Footer source_url=site.source_url open=site.open />
        </Router>
    }
}
