"""Routes of posts and their rules."""

from typing import Any

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import PageIn, page_of, split
from service.api.schemas.posts import PostChange, PostIn, PostOut, PostQuery, PostRuleIn, PostRuleOut
from service.domain.actors import Permission
from service.usecases import post_rules, posts

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("posts", __name__, description="Key posts and what is asked of them")


@blueprint.route("/posts")
class Posts(MethodView):
    """All posts."""

    @asks(blueprint, Permission.REFERENCE_READ)
    @blueprint.arguments(PostQuery, location="query")
    @blueprint.response(200, page_of(PostOut))
    def get(self, query: dict[str, Any]) -> Any:
        """List posts with the rule in force today."""
        window, filters = split(query, str)
        return posts.list_posts(filters, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.REFERENCE_WRITE)
    @blueprint.arguments(PostIn)
    @blueprint.response(201, PostOut)
    def post(self, values: dict[str, Any]) -> Answer:
        """Create a post with its first rule."""
        made = posts.create_post(values, actor=actor(), deps=deps())
        return made, 201, etag(made.post.version)


@blueprint.route("/posts/<string:code>")
class Post(MethodView):
    """One post."""

    @asks(blueprint, Permission.REFERENCE_READ)
    @blueprint.response(200, PostOut)
    def get(self, code: str) -> Answer:
        """Read a post with the rule in force today."""
        read = posts.read_post(code, actor=actor(), deps=deps())
        return read, 200, etag(read.post.version)

    @asks(blueprint, Permission.REFERENCE_WRITE)
    @versioned(blueprint)
    @blueprint.arguments(PostChange)
    @blueprint.response(200, PostOut)
    def patch(self, values: dict[str, Any], code: str) -> Answer:
        """Rename a post."""
        changed = posts.change_post(code, values, seen_version(), actor=actor(), deps=deps())
        return changed, 200, etag(changed.post.version)


@blueprint.route("/posts/<string:code>/rules")
class PostRules(MethodView):
    """The rules of a post."""

    @asks(blueprint, Permission.REFERENCE_READ)
    @blueprint.arguments(PageIn, location="query")
    @blueprint.response(200, page_of(PostRuleOut))
    def get(self, query: dict[str, Any], code: str) -> Any:
        """List a post's rules, the one made last first."""
        window, _ = split(query)
        return post_rules.list_rules(code, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.REFERENCE_WRITE)
    @blueprint.arguments(PostRuleIn)
    @blueprint.response(201, PostRuleOut)
    def post(self, values: dict[str, Any], code: str) -> tuple[Any, int]:
        """Ask something else of a post from a day to come on."""
        return post_rules.add_rule(code, values, actor=actor(), deps=deps()), 201
